"""The random changes of a batch that an `Augmentation` asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from einops import rearrange
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from skeleton_data.layouts.layout import SkeletonLayout
from skeleton_data.transforms.augmentation import Augmentation
from skeleton_data.transforms.blur import blur
from skeleton_data.transforms.draws import Draw, normals, uniforms
from skeleton_data.transforms.dropout import drop_axis, drop_frames, drop_joints
from skeleton_data.transforms.linear_maps import one_axis_angles, scale_matrix, shear_matrix
from skeleton_data.transforms.mirror import flip
from skeleton_data.transforms.noise import add_noise
from skeleton_data.transforms.reflection import reflected_crop
from skeleton_data.transforms.rotation import rotate, rotation_matrix

Uniforms = Callable[[Draw, int], NDArray[np.float64]]


def augment(
    joints: Tensor,
    config: Augmentation,
    layout: SkeletonLayout,
    *,
    seed: int,
    epoch: ArrayLike,
    clip: ArrayLike,
    flat: bool = False,
) -> Tensor:
    """Make all changes of `config` that come before the stream is formed; `hide` makes the others.

    What is drawn depends on (seed, epoch, clip) only, so that a batch may be augmented where it is
    convenient: in a worker, or all at once on a GPU. Two views of a clip need two seeds.

    Args:
        joints: (N, C=3, T, V, M), on any device.
        config: What to do.
        layout: For left and right.
        seed: Of the random numbers.
        epoch: (N,) or one for all.
        clip: (N,) number of each clip, such as `ClipBatch.clip`.
        flat: Whether the joints are in a picture: rotation, scale, shear and noise stay in its plane,
            and leave the confidence (channel 2) as it is.

    Returns:
        (N, 3, T, V, M); `joints` itself if there is nothing to do.

    Example:
        >>> from skeleton_data import AIMCLR_EXTREME, layout
        >>> batch = torch.rand(4, 3, 20, 25, 2)
        >>> augment(batch, AIMCLR_EXTREME, layout("ntu"), seed=0, epoch=0, clip=range(4)).shape
        torch.Size([4, 3, 20, 25, 2])
    """
    draw, before = _drawer(seed, epoch, clip), joints
    joints = _pad_in_time(joints, config, draw)
    matrix = _matrix(config, draw)
    if matrix is not None:
        if flat:
            matrix[:, 2, :2] = matrix[:, :2, 2] = 0
            matrix[:, 2, 2] = 1
        joints = rotate(joints, matrix.to(joints))
    for probability, purpose, axis in ((config.flip, Draw.FLIP, 0), (config.swap, Draw.SWAP, None)):
        if probability:
            joints = flip(joints, layout.mirror, _chosen(draw, purpose, probability, joints), axis=axis)
    if config.noise:
        drawn = normals(seed, epoch, clip, Draw.NOISE, joints[0].numel()).reshape(joints.shape)
        if flat:
            drawn[:, 2] = 0
        deviation = config.noise * _chosen(draw, Draw.NOISE_CHANCE, config.noise_probability, joints)
        joints = add_noise(joints, torch.from_numpy(drawn).to(joints), deviation.to(joints))
    if config.blur:
        low, high = config.blur_sigma
        sigma = torch.from_numpy(low + (high - low) * draw(Draw.BLUR_SIGMA, 1)[:, 0]).to(joints)
        joints = blur(joints, sigma * _chosen(draw, Draw.BLUR, config.blur, joints))
    return _some(joints, before, config, draw)


def augment_presence(
    present: Tensor,
    config: Augmentation,
    layout: SkeletonLayout,
    *,
    seed: int,
    epoch: ArrayLike,
    clip: ArrayLike,
) -> Tensor:
    """Return which joints are there after `augment` with the same arguments.

    A joint goes where it moves it, to another frame or to the other side. Where `blur` mixes frames, joints
    keep their presence.

    Args:
        present: (N, T, V, M) bool.
        config: What was done.
        layout: For left and right.
        seed: Of the random numbers.
        epoch: (N,) or one for all.
        clip: (N,) number of each clip.

    Returns:
        (N, T, V, M) bool.

    Example:
        >>> from skeleton_data import layout
        >>> ntu = layout("ntu")
        >>> left = torch.tensor(["left" in name for name in ntu.joints]).view(1, 1, 25, 1)
        >>> after = augment_presence(left, Augmentation(flip=1.0), ntu, seed=0, epoch=0, clip=[0])
        >>> [name for name, there in zip(ntu.joints, after[0, 0, :, 0]) if there][0]
        'right_shoulder'
    """
    draw, before = _drawer(seed, epoch, clip), rearrange(present, "n t v m -> n 1 t v m")
    moved = _pad_in_time(before, config, draw)
    for probability, purpose in ((config.flip, Draw.FLIP), (config.swap, Draw.SWAP)):
        if probability:
            moved = flip(moved, layout.mirror, _chosen(draw, purpose, probability, moved), axis=None)
    return _some(moved, before, config, draw)[:, 0]


def hide(
    clips: Tensor,
    config: Augmentation,
    *,
    seed: int,
    epoch: ArrayLike,
    clip: ArrayLike,
    flat: bool = False,
) -> Tensor:
    """Set to zero what `config` hides: an axis, frames, joints. Goes last, on the stream that the model sees.

    Args:
        clips: (N, C=3, T, V, M), of any stream.
        config: What to do.
        seed: Of the random numbers.
        epoch: (N,) or one for all.
        clip: (N,) number of each clip.
        flat: Whether the joints are in a picture: its confidence (channel 2) is no axis.

    Returns:
        (N, 3, T, V, M); `clips` itself if there is nothing to do.

    Example:
        >>> config = Augmentation(axis_drop=1.0)
        >>> hidden = hide(torch.ones(2, 3, 4, 5, 1), config, seed=0, epoch=0, clip=[0, 1])
        >>> hidden.sum(dim=(2, 3, 4)).sort().values
        tensor([[ 0., 20., 20.],
                [ 0., 20., 20.]])
    """
    draw, before = _drawer(seed, epoch, clip), clips
    _, channels, frames, joints, _ = clips.shape
    if config.axis_drop:
        drawn, which = draw(Draw.AXIS_DROP, 2).T
        axes = channels - 1 if flat else channels
        axis = np.where(drawn < config.axis_drop, (which * axes).astype(np.int64), -1)
        clips = drop_axis(clips, torch.from_numpy(axis).to(clips.device))
    if config.frame_dropout:
        dropped = draw(Draw.FRAME_DROPOUT, frames) < config.frame_dropout
        clips = drop_frames(clips, torch.from_numpy(dropped).to(clips.device))
    if config.joint_dropout:
        dropped = draw(Draw.JOINT_DROPOUT, joints) < config.joint_dropout
        clips = drop_joints(clips, torch.from_numpy(dropped).to(clips.device))
    return _some(clips, before, config, draw)


def _pad_in_time(joints: Tensor, config: Augmentation, draw: Uniforms) -> Tensor:
    padding = int(config.temporal_padding * joints.shape[2])
    if not padding:
        return joints
    start = (draw(Draw.TEMPORAL_PADDING, 1)[:, 0] * (2 * padding + 1)).astype(np.int64) - padding
    return reflected_crop(joints, torch.from_numpy(start).to(joints.device))


def _drawer(seed: int, epoch: ArrayLike, clip: ArrayLike) -> Uniforms:
    return lambda draw, count: uniforms(seed, epoch, clip, draw, count)


def _chosen(draw: Uniforms, purpose: Draw, probability: float, joints: Tensor) -> Tensor:
    """Return which clips a change with this probability is for: (N,) bool."""
    return torch.from_numpy(draw(purpose, 1)[:, 0] < probability).to(joints.device)


def _some(changed: Tensor, before: Tensor, config: Augmentation, draw: Uniforms) -> Tensor:
    """Return the changed clips (N, C, T, V, M) where `config` changes clips, else those before."""
    if config.probability == 1:
        return changed
    chosen = _chosen(draw, Draw.AUGMENT, config.probability, changed)
    return torch.where(rearrange(chosen, "n -> n 1 1 1 1"), changed, before)


def _matrix(config: Augmentation, draw: Uniforms) -> Tensor | None:
    """Return rotation about one axis, then scale, then shear, as one matrix (N, 3, 3) in float64."""
    matrix = None
    if config.axis_rotation:
        drawn, which, turn = torch.from_numpy(draw(Draw.AXIS_ROTATION, 3)).unbind(dim=1)
        angle = config.axis_rotation * (2 * turn - 1) * (drawn < config.axis_rotation_probability)
        matrix = rotation_matrix(one_axis_angles((3 * which).long(), angle))
    for amount, purpose, count in ((config.scale, Draw.SCALE, 1), (config.shear, Draw.SHEAR, 6)):
        if amount:
            drawn = amount * (2 * torch.from_numpy(draw(purpose, count)) - 1)
            change = scale_matrix(1 + drawn) if purpose is Draw.SCALE else shear_matrix(drawn)
            matrix = change if matrix is None else change @ matrix
    return matrix
