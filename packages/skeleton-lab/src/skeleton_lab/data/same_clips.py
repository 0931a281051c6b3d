"""Which clips of one store are those of another: the same joints in the same frames, bit for bit.

Recordings that were imported otherwise (another layout, rate, unit or cleaning) are other clips here.
"""

from __future__ import annotations

from hashlib import blake2b, sha256

import numpy as np
from numpy.typing import NDArray

from skeleton_data import SkeletonStore

_FRAMES: dict[str, NDArray[np.uint64]] = {}
"""Checksums of one frame of each clip, by the fingerprint of the store, which is so read once a process."""


def clips_among(
    store: SkeletonStore,
    clips: NDArray[np.int64],
    other: SkeletonStore,
    candidates: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return which clips (k,) of a store are among some clips of another.

    One frame of each clip of both stores is read; a clip is read whole only where such a frame is in both
    stores. Of stores with one fingerprint nothing is read.

    Args:
        store: The store.
        clips: (k,) numbers of clips in it.
        other: The other store, or a copy.
        candidates: (m,) numbers of clips in that.
    """
    if store.fingerprint == other.fingerprint:
        return np.isin(clips, candidates)
    here, there = _frame_checksums(store)[clips], _frame_checksums(other)[candidates]
    alike = np.isin(here, there)
    known = {_checksum(other, clip) for clip in candidates[np.isin(there, here[alike])].tolist()}
    return np.array(
        [
            maybe and _checksum(store, clip) in known
            for clip, maybe in zip(clips.tolist(), alike, strict=True)
        ],
        dtype=bool,
    )


def _frame_checksums(store: SkeletonStore) -> NDArray[np.uint64]:
    """Return a checksum of the middle frame of each clip, its length and its bodies, (n,)."""
    if store.fingerprint not in _FRAMES:
        _FRAMES[store.fingerprint] = _read_frames(store)
    return _FRAMES[store.fingerprint]


def _read_frames(store: SkeletonStore) -> NDArray[np.uint64]:
    found = np.empty(len(store), np.uint64)
    for clip in range(len(store)):
        joints = store.read(clip)
        digest = blake2b(repr(joints.shape).encode(), digest_size=8)
        digest.update(np.ascontiguousarray(joints[len(joints) // 2]).tobytes())
        found[clip] = int.from_bytes(digest.digest(), "little")
    return found


def _checksum(store: SkeletonStore, clip: int) -> bytes:
    joints = np.ascontiguousarray(store.read(clip))
    return sha256(repr(joints.shape).encode() + joints.tobytes()).digest()
