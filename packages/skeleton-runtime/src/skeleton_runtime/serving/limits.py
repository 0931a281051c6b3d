"""What a request may cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict, Field

from skeleton_data import DataError
from skeleton_runtime.recordings import Recording

LEGIBLE = 1e12
"""From here on a number has too many digits."""


class TooLargeError(DataError):
    """A request of more than the limits allow."""


class Limits(BaseModel):
    """Limits of the service.

    Example:
        >>> Limits(megabytes=2).bytes
        2097152
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    megabytes: float = Field(32, gt=0, le=4096, description="Largest body of a request, in MB of 2^20 bytes.")
    frames: int = Field(
        200_000, ge=1, le=10_000_000, description="Largest number of frames in all clips of a request."
    )
    bodies: int = Field(16, ge=1, le=64, description="Largest number of people in a frame.")
    seconds: float = Field(
        30,
        gt=0,
        le=3600,
        description=(
            "Longest time for the body to arrive, for the answers, between messages of a stream, and "
            "until a client reads on, in seconds."
        ),
    )
    requests: int = Field(
        2, ge=1, le=256, description="Number of requests that are answered at once; others wait."
    )
    waiting: int = Field(
        8, ge=0, le=4096, description="Number of requests that may wait, with their bodies in memory."
    )
    connections: int = Field(64, ge=1, le=65536, description="Number of open connections.")
    streams: int = Field(8, ge=0, le=4096, description="Number of open streams.")

    @property
    def bytes(self) -> int:
        """Most bytes of the body of a request."""
        return int(self.megabytes * 2**20)

    def within(self, recordings: Iterable[Recording], fps: float | None) -> Iterator[Recording]:
        """Pass recordings on as long as they are within the limits.

        Args:
            recordings: As they are read.
            fps: Rate that the model brings them to.

        Raises:
            TooLargeError: If one has too many people, or all together have too many frames, as they are or at
                the model's rate.
        """
        frames = 0.0
        for recording in recordings:
            length, bodies = recording.joints.shape[:2]
            if bodies > self.bodies:
                raise TooLargeError(
                    f"{recording.name} has {bodies} people, but at most {self.bodies} are allowed"
                )
            frames += length * max(1.0, (fps or recording.fps) / recording.fps)
            if frames > self.frames:
                rate = f" at {fps:g} a second" if fps else ""
                found = f"{frames:,.0f}" if frames < LEGIBLE else f"{frames:.3g}"
                raise TooLargeError(
                    f"the clips have {found} frames{rate}, but at most {self.frames:,} are allowed"
                )
            yield recording
