"""What the service counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


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
