"""Who may ask: checked before anything of a request is read."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

PROTOCOL, BEARER = "skeleton-live", "token."
"""What a page offers as the protocols of a WebSocket: the first, and its token behind the second."""
TOKEN = re.compile(r"[A-Za-z0-9_.~-]{16,512}")
"""A token may stand in headers, and cannot be guessed."""
ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
"""An origin as browsers write it: without a path, in lower case."""
OPEN = re.compile(r"/|/health|/static/[a-z.-]+")
"""Paths that need no token: they tell nothing of the model."""


class Guard:
    """Refuses requests without the token, and those that a web page from elsewhere sends.

    Without a token the service is for programs of this machine: the host of a request must be this machine
    by name, so that no page whose name has been pointed here can ask. A page says in `Origin` where it is
    from; that must be this service, or one of those that are allowed.

    Args:
        app: What answers.
        token: Without one, all of this machine may ask.
        origins: Of pages from elsewhere that may ask, such as "https://app.example.org".
    """

    def __init__(self, app: ASGIApp, token: str | None, origins: Collection[str] = ()) -> None:
        self.app, self.token, self.origins = app, token, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401, 403 or 421."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refused = self._refused(Headers(scope=scope), scope["path"])
        if refused is None:
            await self.app(scope, receive, send)
            return
        status, error = refused
        headers = {"www-authenticate": "Bearer"} if status == 401 else {}
        response = JSONResponse({"error": error}, status, headers | {"connection": "close"})
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(response)
        else:
            await response(scope, receive, send)

    def _refused(self, headers: Headers, path: str) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if self.token is None and not is_this_machine(host):
            return 421, f"host: {host[:100]!r} is not this machine; use 127.0.0.1, or a token"
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins and not _same_host(origin, host):
            return 403, f"origin: a page of {origin[:100]!r} may not ask here; --allow-origin would let it"
        if self.token is None or OPEN.fullmatch(path):
            return None
        if secrets.compare_digest(given_token(headers).encode(), self.token.encode()):
            return None
        return 401, "token: missing or wrong; send the header 'Authorization: Bearer TOKEN'"


def given_token(headers: Mapping[str, str]) -> str:
    """Return the token of a request; that of a WebSocket stands behind its protocol."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    offered = [each.strip() for each in headers.get("sec-websocket-protocol", "").split(",")]
    return next((each.removeprefix(BEARER) for each in offered if each.startswith(BEARER)), "")


def _same_host(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


def is_this_machine(host: str) -> bool:
    """Return whether a host, with or without a port, is the loopback of this machine.

    Example:
        >>> [is_this_machine(host) for host in ("localhost:8000", "[::1]:80", "127.0.0.1", "evil.com")]
        [True, True, True, False]
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
