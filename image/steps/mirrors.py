"""Where this machine's own apt finds archives: an image is built from the same mirrors."""

import re
from pathlib import Path

_APT = Path("/etc/apt")
_ADDRESS = re.compile(r"\b(?:https?|file)://[^\s\]]+")


def own_mirror(pattern: str, folder: Path = _APT) -> str | None:
    """Return the first address in the apt sources of `folder` that `pattern` matches, or None."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    for file in files:
        if file.suffix not in (".list", ".sources") or not file.is_file():
            continue
        for line in file.read_text().splitlines():
            if line.lstrip().startswith("#"):
                continue
            for address in _ADDRESS.findall(line):
                if re.search(pattern, address):
                    return address.rstrip("/")
    return None
