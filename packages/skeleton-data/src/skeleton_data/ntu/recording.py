"""Raw NTU RGB+D recordings: reading and writing `.skeleton` text files.

A file gives the number of frames; for each frame the number of bodies; for each body a line of ten numbers
that begins with its tracking id, the number of joints, and a line of twelve numbers for each joint. The first
three are x y z in metres (camera coordinates, y up); the others are the joint's position in the depth and
colour pictures, its orientation and how it was tracked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skeleton_data.files.limits import require_memory
from skeleton_data.files.text import read_bytes
from skeleton_data.ntu.bulk import read_bulk
from skeleton_data.ntu.lines import JOINTS, read_lines
from skeleton_data.ntu.raw_file import MAX_BYTES

# Nine digits hold a float32 exactly.
_JOINT_LINES = "%.9g %.9g %.9g %.7g %.7g %.7g %.7g 0 0 0 0 %d\n" * JOINTS
_TRACKED = 2
_LINE_BYTES = 160
"""Memory that a line takes while it is read, beside six times its text."""
# Focal length and centre, in pixels, of the depth and the colour camera of a Kinect v2.
_PICTURES = ((365.0, 256.0, 212.0), (1060.0, 960.0, 540.0))


@dataclass(frozen=True)
class RawClip:
    """A recording as the tracker gave it: one record for each body seen in a frame, in the order of the file.

    Attributes:
        frames: Number of frames, those without a body included.
        frame: Frame of each record, from 0, shape (B,) int64, not decreasing.
        body: Tracking id of each record, shape (B,) int64.
        joints: Shape (B, 25, 3) float32, metres.
        tracking: Shape (B, 25) uint8, 2 tracked, 1 inferred, 0 not tracked; only written, never read.
    """

    frames: int
    frame: NDArray[np.int64]
    body: NDArray[np.int64]
    joints: NDArray[np.float32]
    tracking: NDArray[np.uint8] | None = None


def read_skeleton(path: str | Path) -> RawClip:
    """Read a `.skeleton` file.

    The file is parsed in bulk; only if something in it is out of order is it read again line by line, to say
    what.

    Raises:
        DataError: The file is missing, empty, truncated, has wrong counts, text or NaN where a coordinate
            belongs, or no body in any frame; names file, line and expectation.

    Example:
        >>> import tempfile, numpy as np
        >>> clip = RawClip(1, np.array([0]), np.array([72057594037931101]), np.ones((1, 25, 3), np.float32))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/S001C001P001R001A001.skeleton"
        ...     write_skeleton(path, clip)
        ...     read_skeleton(path).body.tolist()
        [72057594037931101]
    """
    return parse_skeleton(read_bytes(Path(path), most=MAX_BYTES), path)


def parse_skeleton(data: bytes, path: str | Path) -> RawClip:
    """Return the recording whose text is `data`; `path` is for messages.

    Raises:
        DataError: As `read_skeleton`.
    """
    require_memory(path, _LINE_BYTES * data.count(b"\n") + 6 * len(data), len(data), "its lines")
    try:
        return RawClip(*read_bulk(data))
    except (ValueError, IndexError, OverflowError):
        return RawClip(*read_lines(data, path))


def write_skeleton(path: str | Path, clip: RawClip) -> None:
    """Write a `.skeleton` file that `read_skeleton` reads back exactly.

    The positions in the depth and colour pictures follow from the coordinates; orientations are 0. Without
    `clip.tracking` all joints are tracked.

    Raises:
        ValueError: The arrays of `clip` do not fit each other, or a frame is out of range.
    """
    records = len(clip.frame)
    if clip.body.shape != (records,) or clip.joints.shape != (records, JOINTS, 3):
        raise ValueError(f"{records} records, but bodies {clip.body.shape} and joints {clip.joints.shape}")
    tracking = np.full((records, JOINTS), _TRACKED) if clip.tracking is None else clip.tracking
    if tracking.shape != (records, JOINTS):
        raise ValueError(f"{records} records, but tracking {tracking.shape}")
    if records and not 0 <= clip.frame.min() <= clip.frame.max() < clip.frames:
        raise ValueError(f"frames {clip.frame.min()} to {clip.frame.max()} of a clip of {clip.frames} frames")
    joints = clip.joints.astype(np.float64)
    depth = np.where(joints[..., 2:] > 0, joints[..., 2:], np.inf)
    seen = [centre + np.array([focal, -focal]) * joints[..., :2] / depth for focal, *centre in _PICTURES]
    rows = np.concatenate([joints, *seen, tracking[..., None]], axis=-1).reshape(records, -1)
    parts: list[list[str]] = [[] for _ in range(clip.frames)]
    for frame, body, row in zip(clip.frame.tolist(), clip.body.tolist(), rows.tolist(), strict=True):
        parts[frame].append(f"{body} 0 1 1 1 1 0 0 0 2\n{JOINTS}\n{_JOINT_LINES % tuple(row)}")
    text = "".join(f"{len(bodies)}\n{''.join(bodies)}" for bodies in parts)
    Path(path).write_text(f"{clip.frames}\n{text}", encoding="ascii", newline="\r\n")
