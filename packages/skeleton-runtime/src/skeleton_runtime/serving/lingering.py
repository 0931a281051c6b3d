"""Requests that are answered before they have come whole, as those that are too large."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER_SECONDS = 10
"""For the rest of such a request to come."""
QUIET_SECONDS = 1
"""After which nothing more of it is expected."""


class Lingering:
    """Reads on for a while, and drops what comes, before the connection is closed.

    A client that is still sending would otherwise find the connection broken, and never read the answer.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        ended = not {b"content-length", b"transfer-encoding"} & {name for name, _ in scope["headers"]}

        async def received() -> Message:
            nonlocal ended
            message = await receive()
            ended = not message.get("more_body", False)  # that the client has gone is no body either
            return message

        async def sent(message: Message) -> None:
            if ended or message["type"] != "http.response.body" or message.get("more_body", False):
                await send(message)
                return
            await send({**message, "more_body": True})
            with anyio.move_on_after(LINGER_SECONDS):
                while not ended:
                    with anyio.move_on_after(QUIET_SECONDS) as quiet:
                        await received()
                    if quiet.cancelled_caught:
                        break
            await send({"type": "http.response.body"})

        await self.app(scope, received, sent)
