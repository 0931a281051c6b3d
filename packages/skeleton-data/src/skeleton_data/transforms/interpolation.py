"""Resizing windows of frames to one length, reading only the frames that are needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from skeleton_data.transforms.crop import Integers, Window
from skeleton_data.transforms.positions import blended_frames

_CACHED_NUMBERS = 2**18  # 1 MiB of float32


@dataclass(frozen=True)
class FrameBlend:
    """Each new frame of each body as a blend of two rows of a table, where a row is one body in one frame.

    Attributes:
        rows: (N, M, T, 2) int64 rows of the table.
        weights: (N, M, T, 2) float32, which sum to 1, or to 0 for a body that the clip does not have.
    """

    rows: Tensor
    weights: Tensor

    @classmethod
    def linear(
        cls, window: Window, frames: int, *, first_row: Integers, clip_bodies: Integers, bodies: int
    ) -> FrameBlend:
        """Interpolate each window linearly to `frames` frames.

        The same as `interpolate(mode="linear", align_corners=False)`. The coordinate is rounded to float32
        once, after a fused multiply-add, whatever the machine. Builds of torch differ in this: some round the
        product as well, which moves some coordinates by one unit in the last place.

        Args:
            window: Frames of each clip to resize.
            frames: T, number of new frames.
            first_row: (N,) row of body 0 in frame 0 of each clip; its bodies follow, then the next frame.
            clip_bodies: (N,) bodies of each clip.
            bodies: M, bodies to read: the first ones; those that a clip does not have get the weight 0.
        """
        frame, weight = blended_frames(window.length, frames)
        row = frame * clip_bodies[:, None] + (first_row + window.start * clip_bodies)[:, None]
        body = np.arange(bodies)
        there = body < clip_bodies[:, None]
        rows = row[:, None] + (body * there)[:, :, None]
        weights = weight[:, None] * there.astype(np.float32)[:, :, None]
        shape = (-1, bodies, frames, 2)
        return cls(torch.from_numpy(rows.reshape(shape)), torch.from_numpy(weights.reshape(shape)))

    def joints(self, table: Tensor, turn: Tensor | None = None) -> Tensor:
        """Return the new clips, rotated if there is a `turn`.

        Works through the batch in pieces that stay in the processor's cache, which is why it rotates as well.

        Args:
            table: (rows, V, C).
            turn: (N, C, C) matrix of each clip.

        Returns:
            (N, C, T, V, M), in memory (N, M, C, T, V): `rearrange(joints, "n c t v m -> (n m) c t v")`
            copies nothing.
        """
        n, m, t, _ = self.rows.shape
        _, v, c = table.shape
        flat = table.flatten(1)
        rows = self.rows.to(table.device).flatten(0, 2)
        weights = self.weights.to(table).flatten(0, 2)
        turns = None if turn is None else turn.repeat_interleave(m, dim=0)
        result = table.new_empty(n * m, c, t * v)
        step = max(1, _CACHED_NUMBERS // (c * t * v)) if table.device.type == "cpu" else max(1, n * m)
        for start in range(0, n * m, step):
            part, span = slice(start, start + step), slice(start * t, (start + step) * t)
            frames = F.embedding_bag(rows[span], flat, per_sample_weights=weights[span], mode="sum")
            points = frames.view(-1, t * v, c).mT
            if turns is None:
                result[part] = points
            else:
                torch.bmm(turns[part], points.contiguous(), out=result[part])
        return rearrange(result, "(n m) c (t v) -> n c t v m", n=n, m=m, t=t)

    def measured(self, confidence: NDArray[np.uint8]) -> Tensor:
        """Return which joints come from rows in which they were measured alone: (N, T, V, M) bool.

        Args:
            confidence: (rows, V), 0 where a joint was not measured.
        """
        unused = rearrange(self.weights == 0, "n m t k -> n m t k 1")
        known = torch.from_numpy(confidence[self.rows.numpy()] > 0) | unused
        return rearrange(known.all(dim=3), "n m t v -> n t v m")

    def presence(self, table: Tensor) -> Tensor:
        """Return how much of each new frame comes from rows that are not all zeros: (N, T, M) in [0, 1]."""
        seen = (table[self.rows.to(table.device)] != 0).flatten(start_dim=4).any(dim=-1)
        return rearrange((self.weights.to(table) * seen).sum(dim=-1), "n m t -> n t m")


def resize(joints: Tensor, window: Window, frames: int) -> Tensor:
    """Resize a window of each clip of a padded batch, (N, C, T, V, M), to `frames` frames.

    Args:
        joints: (N, C, T, V, M), on any device; the frames outside the windows do not matter.
        window: Frames to look at, within T.
        frames: Number of new frames.

    Returns:
        (N, C, frames, V, M).

    Example:
        >>> clip = torch.arange(4.0).reshape(1, 1, 4, 1, 1)
        >>> resize(clip, Window(np.array([0]), np.array([4])), 2).flatten()
        tensor([0.5000, 2.5000])
    """
    n, _, t, _, m = joints.shape
    blend = FrameBlend.linear(
        window, frames, first_row=np.arange(n) * t * m, clip_bodies=np.full(n, m), bodies=m
    )
    return blend.joints(rearrange(joints, "n c t v m -> (n t m) v c"))
