"""The server that runs the service: connections, how long they may take, and how it stops."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from skeleton_runtime.frame_lines import MOST_CHARACTERS
from skeleton_runtime.serving.limits import Limits
from skeleton_runtime.serving.unread import MOST_UNREAD, Connection, UnreadAnswers

HEAD_SECONDS = 10
"""For the head of a request to come."""
STOP_SECONDS = 10
"""For requests that are being answered when the server is stopped."""
LAST_SECONDS = 1
"""For those that were not, to be answered with 503."""


class _ImpatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up where the head of a request does not come, which uvicorn waits for for ever."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._stop_waiting()
        super().handle_websocket_upgrade(event)
        # What websockets does not take for a request, it never answers; it cannot even be stopped then.
        if not getattr(self.transport.get_protocol(), "handshake_initiated", True):
            self.send_400_response("Invalid WebSocket request received.")

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class _Server(uvicorn.Server):
    """A server that hangs up on clients which do not read, and answers the requests that it cancels."""

    def __init__(self, config: uvicorn.Config, seconds: float) -> None:
        super().__init__(config)
        self._seconds, self._unread_answers, self._unread_streams = seconds, UnreadAnswers(), UnreadAnswers()

    async def on_tick(self, counter: int) -> bool:
        """Look for clients that do not read, ten times a second."""
        self._hang_up(self._seconds)
        return await super().on_tick(counter)

    def _hang_up(self, seconds: float) -> None:
        answers, streams = list[Connection](), list[Connection]()
        for each in self.server_state.connections:
            (answers if isinstance(each, H11Protocol) else streams).append(each)
        now = time.monotonic()
        self._unread_answers.hang_up(answers, now=now, seconds=seconds)
        self._unread_streams.hang_up(streams, now=now, seconds=seconds, most=MOST_UNREAD)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, after requests have been answered to clients that read."""
        looking = asyncio.create_task(self._look())
        try:
            await super().shutdown(sockets)
        finally:
            looking.cancel()
        if self.server_state.tasks and not self.force_exit:
            await asyncio.wait(self.server_state.tasks, timeout=LAST_SECONDS)

    async def _look(self) -> None:
        while True:
            self._hang_up(min(self._seconds, STOP_SECONDS / 2))
            await asyncio.sleep(0.1)


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """Return False for what uvicorn logs as an error where a WebSocket is refused with an HTTP status.

    What a client sends wrongly is a line in the log, without a traceback.
    """
    if isinstance(record.exc_info, tuple) and isinstance(record.exc_info[1], UnicodeDecodeError):
        record.exc_info = None
    return record.msg != "ASGI callable returned without completing handshake."


def server(app: Starlette, limits: Limits) -> uvicorn.Server:
    """Return a server, to be `run` on a socket; SIGINT or SIGTERM end it, after open requests."""
    logging.getLogger("uvicorn.error").addFilter(_is_no_refusal)
    return _Server(
        uvicorn.Config(
            app,
            http=_ImpatientProtocol,
            lifespan="off",
            ws_max_size=4 * MOST_CHARACTERS,
            ws_max_queue=4,
            ws_per_message_deflate=False,
            limit_concurrency=limits.connections + 1,  # the one that asks is among those that uvicorn counts
            timeout_keep_alive=HEAD_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
        ),
        limits.seconds,
    )
