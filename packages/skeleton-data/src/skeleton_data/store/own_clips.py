"""A data set of your own in the place of a store: its clips are read when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from skeleton_data.clips import present_bodies
from skeleton_data.errors import DataError
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.store.files import StoreMeta
from skeleton_data.store.store import ClipIndex, SkeletonStore

FACTS = ("label", "subject", "camera", "setup", "replication")


@runtime_checkable
class ClipDataset(Protocol):
    """A map-style data set, such as a `torch.utils.data.Dataset`, whose items are clips.

    An item is a mapping with the joints and what is known of the clip: `joints` is an array or a tensor
    (T, M, V, 3) in metres, y up; `label` (from 0), `subject`, `camera`, `setup` and `replication` are
    integers, each of which may be left out. Random augmentation has no place in it: whenever a clip is
    asked for, it is the same.

    A data set may also have: `axes = "CTVM"`, if its joints are (3, T, V, M); `class_names`, the name of each
    label; `fps`, frames per second (30 if it is not given).
    """

    @property
    def layout(self) -> SkeletonLayout:
        """The skeleton, with its joints in the order of the data: built in (`layout`) or your own."""

    def __len__(self) -> int:
        """Return the number of clips."""

    def __getitem__(self, clip: int, /) -> Mapping[str, Any]:
        """Return a clip."""


class OwnClips(SkeletonStore):
    """A data set of your own, used like a store.

    Its clips are read once when it is opened, for facts, lengths and the fingerprint, and then whenever they
    are asked for; nothing is copied. Padding is cut off: frames of zeros at the end, bodies that are never
    there.

    Args:
        data: The data set.

    Raises:
        DataError: What the data set lacks, or the first clip that cannot be used.

    Example:
        >>> from skeleton_data import layout
        >>> class Waves:
        ...     layout = layout("kinect_v1")
        ...
        ...     def __len__(self):
        ...         return 4
        ...
        ...     def __getitem__(self, clip):
        ...         return {"joints": np.ones((30 + clip, 1, 20, 3)), "label": clip % 2, "subject": clip}
        >>> store = OwnClips(Waves())
        >>> store.index.frames
        array([30, 31, 32, 33], dtype=int32)
        >>> store.read(1).shape
        (31, 1, 20, 3)
        >>> OwnClips([np.ones((30, 1, 20, 3))])
        Traceback (most recent call last):
        skeleton_data.errors.DataError: list: it lacks layout; see skeleton_data.ClipDataset
    """

    def __init__(self, data: ClipDataset) -> None:
        self.path, self._confidence = Path(type(data).__name__), None
        lacking = [name for name in ("layout", "__len__", "__getitem__") if not hasattr(data, name)]
        if lacking:
            raise DataError.at(self.path, f"it lacks {', '.join(lacking)}; see skeleton_data.ClipDataset")
        if not isinstance(data.layout, SkeletonLayout):
            raise DataError.at(self.path, f"layout must be a SkeletonLayout, got {data.layout!r}")
        self.data = data
        with self._own_errors("__len__"):
            clips = len(data)
        if not clips:
            raise DataError.at(self.path, "it holds no clips")
        self.meta = StoreMeta.model_construct(
            format="skeleton-store",
            version=1,
            clips=clips,
            rows=0,
            units="m",
            layout=data.layout,
            class_names=tuple(getattr(data, "class_names", ())),
            fps=float(getattr(data, "fps", 30)),
            source={"kind": type(data).__name__},
            written_by="",
            files={},
        )
        columns, joints_digest = np.full((7, clips), -1, np.int32), hashlib.sha256()
        for clip in range(clips):
            item, joints = self._item(clip)
            joints_digest.update(joints.tobytes())
            columns[:, clip] = [self._fact(clip, item, name) for name in FACTS] + list(joints.shape[:2])
        self.index, self._joints_digest = ClipIndex(*columns), joints_digest.digest()
        self._require_labels()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of skeleton, class names, and facts, length and joints of every clip when it was opened."""
        digest = hashlib.sha256(super().fingerprint.encode() + self._joints_digest)
        for column in ClipIndex.__dataclass_fields__:
            digest.update(getattr(self.index, column).tobytes())
        return digest.hexdigest()

    def read(self, clip: int) -> NDArray[np.float32]:
        """Return joints of a clip, shape (T, M, V, 3), metres.

        Raises:
            DataError: The clip cannot be used, or is another than before.
        """
        joints = self._item(clip)[1]
        before = (int(self.index.frames[clip]), int(self.index.bodies[clip]))
        if joints.shape[:2] != before:
            raise DataError.at(
                self.path,
                f"clip {clip} had {before} frames and bodies when it was opened, now {joints.shape[:2]}",
            )
        return joints

    def gather(self, clips: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return rows (R, V, 3) of some clips one after the other, and the first row of each."""
        rows = [self.read(int(clip)).reshape(-1, len(self.layout.joints), 3) for clip in clips]
        lengths = np.array([len(each) for each in rows], dtype=np.int64)
        return np.concatenate(rows), lengths.cumsum() - lengths

    def name(self, clip: int) -> str:
        """Return the number of a clip as its name."""
        return str(clip)

    def verify(self) -> None:
        """Read every clip.

        Raises:
            DataError: A clip cannot be used.
        """
        for clip in range(len(self)):
            self.read(clip)

    @contextmanager
    def _own_errors(self, what: str) -> Iterator[None]:
        """Name what the data set's own code raised."""
        try:
            yield
        except DataError:
            raise
        except Exception as error:
            raise DataError.at(self.path, f"{what}: {type(error).__name__}: {error}") from error

    def _item(self, clip: int) -> tuple[Mapping[str, Any], NDArray[np.float32]]:
        with self._own_errors(f"clip {clip}"):
            item = self.data[clip]
        if not isinstance(item, Mapping) or "joints" not in item:
            raise DataError.at(
                self.path, f"clip {clip} must be a mapping with joints, got {type(item).__name__}"
            )
        joints = np.asarray(item["joints"], dtype=np.float32)
        axes = getattr(self.data, "axes", "TMVC")
        if axes == "CTVM" and joints.ndim == 4:
            joints = joints.transpose(1, 3, 2, 0)
        width = len(self.layout.joints)
        if joints.ndim != 4 or joints.shape[2:] != (width, 3) or 0 in joints.shape:
            wanted = f"(3, T, {width}, M)" if axes == "CTVM" else f"(T, M, {width}, 3)"
            raise DataError.at(
                self.path, f"clip {clip}: joints must be {wanted}, got {np.shape(item['joints'])}"
            )
        if not np.isfinite(joints).all():
            raise DataError.at(self.path, f"clip {clip}: joints must be finite, got NaN or infinity")
        return item, np.ascontiguousarray(present_bodies(joints))

    def _fact(self, clip: int, item: Mapping[str, Any], name: str) -> int:
        value = item.get(name, -1)
        try:
            if int(value) == value and -1 <= value < 2**31:
                return int(value)
        except (TypeError, ValueError):
            pass
        raise DataError.at(self.path, f"clip {clip}: {name} must be a whole number from 0, got {value!r}")

    def _require_labels(self) -> None:
        names, highest = self.class_names, int(self.index.label.max())
        if names and highest >= len(names):
            raise DataError.at(self.path, f"it has {len(names)} class_names, but a clip of label {highest}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Hand facts and data set to another process, where its clips are read anew."""
        return _again, (self.__dict__,)


def _again(state: dict[str, Any]) -> OwnClips:
    clips = OwnClips.__new__(OwnClips)
    clips.__dict__.update(state)
    return clips
