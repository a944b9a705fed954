"""Who may use the page: nobody by way of a foreign page, and from elsewhere only with the token.

A browser names the host it believes it talks to and the page a request comes from. A name that is
not ours is another site's that leads here (DNS rebinding); an origin that is not ours is another
site's page (request forgery). Both are refused before anything is looked at.
"""

import hmac
import ipaddress
import re
import secrets
import socket
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

COOKIE = "neural-synth"
_READING = ("GET", "HEAD")
_OPEN = ("/", "/login", "/favicon.ico")
_PATIENCE = 10  # wrong tokens in a minute, from all the world
_MINUTE = 60.0

_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]{1,255}")


class Guard:
    """The rules for a server on `host`; `names` are more names by which this box is reached.

    Without a `token` whoever reaches it may use it: that is for loopback only.
    """

    def __init__(self, host: str, names: Iterable[str], token: str | None) -> None:
        """Begin with nobody let in."""
        self.token = token
        self._loopback = is_loopback(host)
        own = socket.gethostname().lower()
        self._names = {"localhost", *(name.lower().rstrip(".") for name in names)}
        if not self._loopback:
            self._names |= {own, f"{own}.local"}
        self._key = secrets.token_urlsafe(32)
        self._wrong: list[float] = []

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let `handler` answer, or refuse; to be the outermost middleware."""
        refusal = self._refusal(request)
        if refusal is not None:
            raise refusal
        return await handler(request)

    def login(self, request: web.Request, token: str) -> web.Response:
        """Return the answer to a `token`: a cookie if it is right."""
        now = time.monotonic()
        self._wrong = [at for at in self._wrong if now - at < _MINUTE]
        if len(self._wrong) >= _PATIENCE:
            raise web.HTTPTooManyRequests(text="Too many wrong tokens. Wait a minute.")
        if self.token is not None and not _same(token, self.token):
            self._wrong.append(now)
            raise web.HTTPForbidden(
                text="The token is wrong. It is printed where the panel starts."
            )
        answer = web.json_response({})
        answer.set_cookie(
            COOKIE, self._key, httponly=True, samesite="Strict", secure=request.secure, path="/"
        )
        return answer

    def admits(self, request: web.Request) -> bool:
        """Return whether the sender may use everything."""
        return self.token is None or _same(request.cookies.get(COOKIE, ""), self._key)

    def _refusal(self, request: web.Request) -> web.HTTPException | None:
        host = request.headers.get("Host", "")
        if not self._is_ours(host):
            return web.HTTPMisdirectedRequest(
                text="This box is not called so. Use its address, or add the name to "
                "panel.web.names in its configuration."
            )
        upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        if request.method not in _READING or upgrade:
            origin = request.headers.get("Origin")
            site = request.headers.get("Sec-Fetch-Site", "same-origin")
            foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
            if foreign or (upgrade and origin is None) or site not in ("same-origin", "none"):
                return web.HTTPForbidden(text="Another site's page may not use this box.")
        path = request.path
        if path in _OPEN or path.startswith("/static/") or self.admits(request):
            return None
        return web.HTTPUnauthorized(text="Say the token first.")

    def _is_ours(self, host: str) -> bool:
        name = _name_of(host)
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return address.is_loopback or not self._loopback


async def protect(request: web.Request, answer: web.StreamResponse) -> None:
    """Tell the browser what the page may do: run and reach what comes from here, nothing else."""
    host = request.headers.get("Host", "")
    sockets = f"ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    # Browsers complain of it where the line is not secure.
    if is_loopback(_name_of(host)):
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    answer.headers.update(
        {
            "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
            f"img-src 'self' blob: data:; connect-src 'self' {sockets}; worker-src 'self'; "
            "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Server": "neural-synth",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-cache",
        }
    )


def _name_of(host: str) -> str:
    """Return the name in a Host header, without port, brackets and a dot at its end."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
