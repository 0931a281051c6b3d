"""Clients that do not read what they are sent: nothing else would ever end their connections."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from typing import Protocol

MOST_UNREAD = 2**22
"""Bytes that may wait for the client of a stream: many answers, and pongs to pings."""


class Connection(Protocol):
    """A protocol of uvicorn, for HTTP or a WebSocket."""

    transport: asyncio.Transport


class UnreadAnswers:
    """Ends connections on which bytes wait, and none has gone for some time.

    A client that reads slowly keeps its connection: some bytes go.

    Example:
        >>> from unittest.mock import Mock
        >>> slow, stuck = (Mock(**{"transport.get_write_buffer_size.return_value": 9}) for _ in range(2))
        >>> unread = UnreadAnswers()
        >>> unread.hang_up([slow, stuck], now=0.0, seconds=5)
        >>> slow.transport.get_write_buffer_size.return_value = 8
        >>> unread.hang_up([slow, stuck], now=5.0, seconds=5)
        >>> slow.transport.abort.called, stuck.transport.abort.called
        (False, True)
    """

    def __init__(self) -> None:
        self._waiting: dict[Connection, tuple[float, float]] = {}  # bytes at the last look, and since when

    def hang_up(
        self, connections: Iterable[Connection], *, now: float, seconds: float, most: float = math.inf
    ) -> None:
        """Look at connections again, which is to be done often.

        Args:
            connections: All that are open.
            now: Time of this look, in seconds.
            seconds: How long no byte may go.
            most: Bytes that may wait.
        """
        waiting: dict[Connection, tuple[float, float]] = {}
        for connection in tuple(connections):
            left = connection.transport.get_write_buffer_size()
            before, since = self._waiting.get(connection, (math.inf, now))
            since = now if left < before else since
            if left and (left > most or now - since >= seconds):
                connection.transport.abort()
            elif left:
                waiting[connection] = left, since
        self._waiting = waiting
