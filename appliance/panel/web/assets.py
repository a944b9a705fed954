"""The page's own files, read once: a request can name these and nothing else."""

import hashlib
from pathlib import Path

from aiohttp import web

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class Assets:
    """The files in `folder`, by name."""

    def __init__(self, folder: Path) -> None:
        """Read them; raises OSError."""
        self._files = {
            path.name: (path.read_bytes(), _TYPES[path.suffix])
            for path in folder.iterdir()
            if path.suffix in _TYPES
        }
        self._tags = {
            name: hashlib.sha256(content).hexdigest()[:16]
            for name, (content, _) in self._files.items()
        }

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the file called `name` in the path, the page itself where there is none."""
        name = request.match_info.get("name", "index.html")
        if name not in self._files:
            raise web.HTTPNotFound(text="There is no such file.")
        content, kind = self._files[name]
        tag = f'"{self._tags[name]}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=content, content_type=kind, charset="utf-8", headers={"ETag": tag})
