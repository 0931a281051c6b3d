"""Batches of clips for training, read from stores."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from skeleton_data.errors import DataError
from skeleton_data.layouts.joint_indices import joint_indices
from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.store.own_clips import OwnClips
from skeleton_data.store.store import SkeletonStore
from skeleton_data.transforms.augment import augment, augment_presence, hide
from skeleton_data.transforms.augmentation import Augmentation
from skeleton_data.transforms.crop import Window, centre_crop, random_crop, view_crop
from skeleton_data.transforms.draws import Draw, uniform
from skeleton_data.transforms.heading import heading_matrix
from skeleton_data.transforms.interpolation import FrameBlend
from skeleton_data.transforms.origin import move_origin
from skeleton_data.transforms.rotation import rotate, rotation_matrix
from skeleton_data.transforms.sampling import ClipSampling
from skeleton_data.transforms.streams import known_in_stream, to_stream

Key = int | tuple[int, int]
"""A position in the dataset, or (epoch, position)."""

_DRAWS = np.array(
    [Draw.CROP_LENGTH, Draw.CROP_START, Draw.ROTATION_X, Draw.ROTATION_Y, Draw.ROTATION_Z], dtype=np.uint64
)


class ClipBatch(NamedTuple):
    """Clips that were sampled together; a single clip has the same fields without the axis N.

    Attributes:
        joints: (N, C=3, T, V, M) float32, metres; absent bodies are zero. With a common `layout`, joints that
            a store lacks are NaN in bodies that are there.
        label: (N,) int64, -1 = unknown.
        clip: (N,) int64, position in the dataset.
        present: (N, T, V, M) bool, true where a joint was measured; false too in frames without the body.
    """

    joints: Tensor
    label: Tensor
    clip: Tensor
    present: Tensor


@dataclass(frozen=True, eq=False)
class ClipSet:
    """Some clips of one store, or of a data set of your own (`OwnClips`).

    Attributes:
        store: Where they are.
        clips: (n,) clip numbers, in any order.

    Raises:
        ValueError: No clips, or numbers that the store does not have.
    """

    store: SkeletonStore
    clips: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check the clips, here where the numbers come in."""
        clips = np.asarray(self.clips)
        if clips.ndim != 1 or clips.dtype.kind not in "iu":
            raise ValueError(f"clips must be a row of integers, got shape {clips.shape} of {clips.dtype}")
        if len(clips) == 0:
            raise ValueError(f"clips is empty: {self.store!r}")
        if clips.min() < 0 or clips.max() >= len(self.store):
            raise ValueError(f"clips go from {clips.min()} to {clips.max()}, but the store is {self.store!r}")
        object.__setattr__(self, "clips", clips.astype(np.int64))
        if isinstance(self.store, OwnClips):
            return
        first, bodies = self.store.first_row[clips], self.store.index.bodies[clips].astype(np.int64)
        last = first + self.store.index.frames[clips] * bodies
        damaged = (first < 0) | (bodies < 1) | (last <= first) | (last > len(self.store.rows))
        if damaged.any():
            clip = clips[damaged.argmax()]
            raise DataError.at(self.store.path, f"damaged: clip {clip} lies outside the joints")


class SkeletonDataset(Dataset[ClipBatch]):
    """Clips of one or more stores, cropped, resized and augmented a batch at a time.

    `dataset[3]` is one clip, `dataset[[3, 5]]` a batch: one gather of the frames that it needs, straight from
    the memory maps, and a few operations over all its clips. A `torch.utils.data.DataLoader` makes batches
    with its default `collate_fn`. It yields a batch without the copy that collating costs if `batch_size` is
    None and the sampler yields lists, as `torch.utils.data.BatchSampler` does.

    The augmentation of a training clip depends on its key. For a position, torch's default generator decides,
    which a `DataLoader` seeds in each worker: no two epochs, workers or ranks repeat each other, and
    `torch.manual_seed` before the first epoch reproduces all epochs with the same number of workers. For
    `(epoch, position)`, a key of `EpochSampler`, the key and `seed` decide: not the batch, nor workers, nor
    ranks, nor where a run was resumed.

    Args:
        sources: The clips; all stores must have one layout, unless `layout` is given. Positions count through
            the sources in order.
        sampling: How clips are sampled.
        bodies: M; the first bodies of a clip are kept, missing ones are zero.
        training: Random crop, rotation and augmentation, else the centre crop.
        seed: Of the random numbers, mixed with those of the key.
        view: Where not training, which part of each clip is taken in the place of its centre
            (`skeleton_data.transforms.crop.view_crop`).
        layout: Common skeleton of stores whose layouts differ: joints stand at the indices of their names
            (`joint_indices`). A clip is moved, turned and augmented by the layout of its own store.

    Raises:
        ValueError: No sources, stores of different layouts or units, `bodies` below 1; a layout without sides
            or heading, where the sampling needs them; a joint without a place in the common `layout`.
    """

    def __init__(
        self,
        sources: Sequence[ClipSet],
        sampling: ClipSampling,
        *,
        bodies: int,
        training: bool,
        seed: int = 0,
        view: int | None = None,
        layout: SkeletonLayout | None = None,
    ) -> None:
        if not sources:
            raise ValueError("sources must hold at least one ClipSet")
        if bodies < 1:
            raise ValueError(f"bodies must be at least 1, got {bodies}")
        first = sources[0].store
        for source in sources:
            if layout is None and source.store.layout != first.layout:
                raise ValueError(f"stores must have one layout, got {first!r} and {source.store!r}")
            if source.store.meta.units != first.meta.units:
                raise ValueError(f"2D and 3D joints do not mix, got {first!r} and {source.store!r}")
        self.sources, self.sampling = tuple(sources), sampling
        self.bodies, self.training, self.seed, self.view = bodies, training, seed, view
        self.layout: SkeletonLayout = layout or first.layout
        self.flat = first.meta.units == "picture"
        for source in sources:
            _require_sides(source.store.layout, sampling, training=training, flat=self.flat)
        self._indices = [_indices(source.store, self.layout) for source in sources]
        self._augments = training and sampling.augment != Augmentation()
        self._ends = np.cumsum([len(source.clips) for source in sources])
        self._tables: dict[int, Tensor] = {}

    def __len__(self) -> int:
        """Return clips of all sources."""
        return int(self._ends[-1])

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,) label of every clip, -1 = unknown."""
        labels = [source.store.index.label[source.clips] for source in self.sources]
        return np.concatenate(labels).astype(np.int64)

    def __getitem__(self, key: Key | list[int] | list[tuple[int, int]]) -> ClipBatch:
        """Return a clip (C, T, V, M); for a list of keys the batch of these clips (N, C, T, V, M), in order.

        Raises:
            IndexError: A position outside the dataset.
        """
        if isinstance(key, list):
            return self._batch(key)
        return self.__getitems__([key])[0]

    def __getitems__(self, keys: Sequence[Key]) -> list[ClipBatch]:
        """Return these clips, each by itself, as a `DataLoader` collates them; sampled together."""
        return [ClipBatch(*clip) for clip in zip(*self._batch(keys), strict=True)]

    def _batch(self, keys: Sequence[Key]) -> ClipBatch:
        unkeyed = [not isinstance(key, tuple) for key in keys]
        pairs = np.array([key if isinstance(key, tuple) else (0, key) for key in keys], dtype=np.int64)
        epoch, position = pairs.reshape(-1, 2).T.copy()
        if self.training and any(unkeyed):  # a number from the generator takes the place of the epoch
            epoch[unkeyed] = torch.randint(2**62, (sum(unkeyed),)).numpy()
        outside = (position < 0) | (position >= len(self))
        if outside.any():
            raise IndexError(f"position {position[outside.argmax()]} of {len(self)} clips")
        random = uniform(self.seed, epoch, position, _DRAWS) if self.training else None
        if len(self.sources) == 1 and self._indices[0] is None:
            joints, label, present = self._sample(0, epoch, position, random)
        else:
            number = np.searchsorted(self._ends, position, side="right")
            joints = torch.empty(len(keys), 3, self.sampling.frames, len(self.layout.joints), self.bodies)
            present = torch.empty(joints[:, 0].shape, dtype=torch.bool)
            label = np.empty(len(keys), dtype=np.int64)
            for source in np.unique(number):
                here = np.flatnonzero(number == source)
                drawn = None if random is None else random[here]
                some, label[here], known = self._sample(int(source), epoch[here], position[here], drawn)
                if (indices := self._indices[source]) is not None:
                    some, known = _at_indices(some, known, indices, len(self.layout.joints))
                joints[here], present[here] = some, known
        return ClipBatch(joints, torch.from_numpy(label), torch.from_numpy(position), present)

    def _sample(
        self,
        number: int,
        epoch: NDArray[np.int64],
        position: NDArray[np.int64],
        random: NDArray[np.float64] | None,
    ) -> tuple[Tensor, NDArray[np.int64], Tensor]:
        """Return joints, labels and `present` of clips of one source; `random` is (N, draws) or None."""
        source, sampling, index = self.sources[number], self.sampling, self.sources[number].store.index
        layout = source.store.layout
        clips = source.clips[position - (self._ends[number] - len(source.clips))]
        table, first_row = self._rows(number, clips)
        blend = FrameBlend.linear(
            self._window(index.frames[clips].astype(np.int64), random),
            sampling.frames,
            first_row=first_row,
            clip_bodies=index.bodies[clips].astype(np.int64),
            bodies=self.bodies,
        )
        turn = self._turn(random)
        # Moving the origin commutes with the random turn, but the heading is that of the clip before it.
        heading = sampling.face_forward and not self.flat
        joints = blend.joints(table, None if heading else turn)
        present = self._present(source.store, joints, blend)
        if sampling.origin == "first_frame":
            joints = move_origin(joints, layout.centre, blend.presence(table), flat=self.flat)
        if heading:
            forward = heading_matrix(joints, *layout.facing())
            joints = rotate(joints, forward if turn is None else torch.bmm(turn, forward))
        draw: dict[str, Any] = {"seed": self.seed, "epoch": epoch, "clip": position}
        if self._augments:
            joints = augment(joints, sampling.augment, layout, flat=self.flat, **draw)
            present = augment_presence(present, sampling.augment, layout, **draw)
        joints = to_stream(joints, sampling.stream, layout, flat=self.flat)
        present = known_in_stream(present, sampling.stream, layout)
        if self._augments:
            joints = hide(joints, sampling.augment, flat=self.flat, **draw)
            drops = sampling.augment.model_copy(update={"axis_drop": 0.0})
            present = hide(present[:, None], drops, **draw)[:, 0]
        return joints, index.label[clips].astype(np.int64), present

    def _present(self, store: SkeletonStore, joints: Tensor, blend: FrameBlend) -> Tensor:
        """Return which joints (N, T, V, M) of clips (N, C, T, V, M) were measured."""
        body = (joints != 0).any(dim=3, keepdim=True).any(dim=1)
        present = body.expand(-1, -1, joints.shape[3], -1).contiguous()
        if store.confidence is not None:
            present &= blend.measured(store.confidence)
        return present

    def _window(self, frames: NDArray[np.int64], random: NDArray[np.float64] | None) -> Window:
        fraction, least = self.sampling.train_crop, self.sampling.min_crop_frames
        if random is not None:
            return random_crop(frames, fraction, random[:, :2], min_frames=least)
        if self.view is not None:
            return view_crop(frames, fraction, self.view, min_frames=least)
        return centre_crop(frames, self.sampling.test_crop)

    def _turn(self, random: NDArray[np.float64] | None) -> Tensor | None:
        if random is None or self.sampling.rotation == 0:
            return None
        angles = (2 * random[:, 2:] - 1) * self.sampling.rotation
        if self.flat:
            angles[:, :2] = 0
        return rotation_matrix(torch.from_numpy(angles.astype(np.float32)))

    def _rows(self, number: int, clips: NDArray[np.int64]) -> tuple[Tensor, NDArray[np.int64]]:
        """Return a table that holds clips of a source, and the first row of each clip in it.

        Of a store, it is a tensor over the memory map, made once in each process.
        """
        store = self.sources[number].store
        if isinstance(store, OwnClips):
            rows, first_row = store.gather(clips)
            return torch.from_numpy(rows), first_row
        if number not in self._tables:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # we only read
                self._tables[number] = torch.from_numpy(store.rows)
        return self._tables[number], store.first_row[clips]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the tensors over the maps, which would be copied whole into another process."""
        return self.__dict__ | {"_tables": {}}


def _require_sides(layout: SkeletonLayout, sampling: ClipSampling, *, training: bool, flat: bool) -> None:
    """Refuse a layout without sides or heading, where the sampling needs them."""
    if sampling.face_forward and not flat:
        layout.facing()
    if training and (sampling.augment.flip or sampling.augment.swap) and not layout.pairs:
        raise DataError(
            f"layout {layout.name!r} has no pairs of left and right joints: leave augment.flip and"
            " augment.swap at 0"
        )


def _indices(store: SkeletonStore, layout: SkeletonLayout) -> Tensor | None:
    """Return the indices of a store's joints in a common layout; None if these are its joints."""
    if store.layout.joints == layout.joints:
        return None
    target = f"layout {layout.name}"
    return torch.tensor(
        joint_indices(store.layout.joints, layout.joints, source=str(store.path), target=target)
    )


def _at_indices(joints: Tensor, present: Tensor, indices: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Put joints (N, C, T, V, M) and where they were measured (N, T, V, M) at their indices among `count`.

    At the indices of joints that are not there, a body is NaN, so that nothing can take them for measured.
    """
    whole = joints.new_full((*joints.shape[:3], count, joints.shape[4]), torch.nan)
    absent = ~(joints != 0).flatten(1, 3).any(1)  # (N, M)
    whole = whole.index_copy(3, indices, joints).masked_fill(absent[:, None, None, None], 0)
    there = torch.zeros(whole[:, 0].shape, dtype=torch.bool)
    return whole, there.index_copy(2, indices, present)
