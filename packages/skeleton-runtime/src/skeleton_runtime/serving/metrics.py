"""What the service counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATHS = {"/", "/health", "/model", "/metrics", "/predict", "/live"}
"""Addresses that are counted by name; a client could ask for any number of others."""
STARTS = ("http.response.start", "websocket.http.response.start")
"""Messages with the status of an answer, and of a WebSocket that is refused."""


class Metrics:
    """Counters of one service.

    Example:
        >>> metrics = Metrics()
        >>> metrics.answers.inc(3)
        >>> "skeleton_answers_total 3.0" in metrics.text().decode()
        True
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "skeleton_requests", "Requests, by path and status.", ["path", "status"], registry=registry
        )
        self.answers = Counter("skeleton_answers", "Windows that were answered.", registry=registry)
        self.frames = Counter("skeleton_stream_frames", "Frames of streams.", registry=registry)
        self.streams = Gauge("skeleton_streams", "Streams that are open.", registry=registry)
        self.seconds = Histogram("skeleton_predict_seconds", "From a body to its answers.", registry=registry)

    def text(self) -> bytes:
        """Return all, as Prometheus reads it."""
        return generate_latest(self.registry)


class CountRequests:
    """Counts every answer, whoever gives it: also those of who refuses requests before they are read.

    Args:
        app: What answers.
        metrics: Where it is counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count the status of its answer."""

        async def counted(message: Message) -> None:
            if message["type"] in STARTS:
                path = scope["path"] if scope["path"] in PATHS else "other"
                self.metrics.requests.labels(path, str(message["status"])).inc()
            await send(message)

        await self.app(scope, receive, counted)
