"""Pictures of what a pre-trained model sees of a clip, and of what it reconstructs from that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from skeleton_data import (
    ClipSampling,
    ClipSet,
    Preprocessing,
    SkeletonDataset,
    SkeletonStore,
    draw_gif,
    draw_page,
    draw_strip,
)
from skeleton_lab.errors import InputError
from skeleton_lab.models.pretraining import load_pretraining
from skeleton_mask import FrameOnlyConfig, JointOnlyConfig, MaskConfig, SpatialTemporalConfig
from skeletonmae import SkeletonMAE


def sampled(store: SkeletonStore, clip: int, sampling: ClipSampling, *, bodies: int) -> Tensor:
    """Return a clip as a model is shown it in evaluation (1, C, T, V, M).

    Raises:
        InputError: If there is no such clip, or it would show no joints.
    """
    if not 0 <= clip < len(store):
        raise InputError(f"clip is {clip}, but {store.path} has the clips 0 to {len(store) - 1}")
    if sampling.stream != "joint":
        raise InputError(
            f"data.sampling.stream is {sampling.stream!r}, but only positions (joint) can be drawn"
        )
    chosen = [ClipSet(store, np.array([clip]))]
    return SkeletonDataset(chosen, sampling, bodies=bodies, training=False)[[0]].joints


def _of_layout(run: Path, store: SkeletonStore) -> tuple[SkeletonMAE, Preprocessing]:
    """Return the model of a pre-training, and what its clips go through.

    Raises:
        InputError: If the joints of the store are others.
    """
    model, preprocessing = load_pretraining(run)
    if store.layout.joints != preprocessing.layout.joints:
        raise InputError(
            f"{store.path} has layout {store.layout.name}, but {run} was pre-trained on "
            f"{preprocessing.layout.name}"
        )
    return model, preprocessing


def clip_title(store: SkeletonStore, clip: int) -> str:
    """Return class and name of a clip, where they are known."""
    label = int(store.index.label[clip])
    named = 0 <= label < len(store.class_names)
    return f"{store.class_names[label]} ({store.name(clip)})" if named else store.name(clip)


def draw_reconstruction(run: Path, store: SkeletonStore, clip: int, path: Path, *, seed: int = 0) -> None:
    """Draw a clip, what is visible of it, and what is reconstructed.

    Args:
        run: Folder of a finished pre-training.
        store: Where the clip is.
        clip: Its number.
        path: The picture, or as `.gif` or `.html` original and reconstructed as they move.
        seed: Seed of the mask.
    """
    model, preprocessing = _of_layout(run, store)
    layout, sampling = preprocessing.layout, preprocessing.sampling
    joints = sampled(store, clip, sampling, bodies=preprocessing.bodies)
    seen = model.reconstruct(joints, generator=torch.Generator().manual_seed(seed))
    original, reconstructed = (
        rearrange(x[0], "c t v m -> t m v c").numpy() for x in (seen.original, seen.reconstructed)
    )
    visible = rearrange(seen.visible[0], "t v m -> t m v").numpy()
    masked, result = "masked\nall that the model sees", "reconstructed\nby the model"
    visible_part = f"{visible[:, 0].mean():.0%} of the joints"
    fps = store.fps * sampling.frames / (sampling.test_crop * int(store.index.frames[clip]))
    match path.suffix:
        case ".html":
            moving = {"original": original, f"reconstructed\nfrom {visible_part}": reconstructed}
            draw_page(path, moving, layout, fps=fps, title=clip_title(store, clip))
        case ".gif":
            masked = f"masked\nthe model sees {visible_part}"
            moving = {"original": original, masked: original, "reconstructed": reconstructed}
            draw_gif(path, moving, layout, {masked: visible}, fps=fps)
        case _:
            draw_strip(
                path,
                {"original": original, masked: original, result: reconstructed},
                layout,
                visible={masked: visible, result: visible},
                reconstructed=[result],
                title=clip_title(store, clip),
            )


def draw_reconstructions(run: Path, store: SkeletonStore, clip: int, path: Path, *, seed: int = 0) -> None:
    """Draw what a model sees and reconstructs of a clip under each of the paper's ways of masking.

    Ratios are 0.4 of the frames and 0.5 of the joints, whatever the model was pre-trained with.

    Args:
        run: Folder of a finished pre-training.
        store: Where the clip is.
        clip: Its number.
        path: The picture.
        seed: Seed of the masks.
    """
    model, preprocessing = _of_layout(run, store)
    joints = sampled(store, clip, preprocessing.sampling, bodies=preprocessing.bodies)
    rows, visible, reconstructed = {"original": rearrange(joints[0], "c t v m -> t m v c").numpy()}, {}, []
    for name, masking in papers_maskings().items():
        model.mask = masking
        seen = model.reconstruct(joints, generator=torch.Generator().manual_seed(seed))
        masked, result = f"masked\n{name}", f"reconstructed\n{name}"
        rows[masked] = rows["original"]
        rows[result] = rearrange(seen.reconstructed[0], "c t v m -> t m v c").numpy()
        visible[masked] = visible[result] = rearrange(seen.visible[0], "t v m -> t m v").numpy()
        reconstructed.append(result)
    title = clip_title(store, clip)
    draw_strip(path, rows, preprocessing.layout, visible=visible, reconstructed=reconstructed, title=title)


def papers_maskings(frame_ratio: float = 0.4, joint_ratio: float = 0.5) -> dict[str, MaskConfig]:
    """Name the paper's ways of masking (Wu et al. 2023, figure 3) by what they hide."""
    both = {"frame_ratio": frame_ratio, "joint_ratio": joint_ratio}
    return {
        "frames": FrameOnlyConfig(frame_ratio=frame_ratio),
        "joints": JointOnlyConfig(joint_ratio=joint_ratio),
        "frames and joints, others in each frame": SpatialTemporalConfig(**both),
        "frames and joints, the same in all": SpatialTemporalConfig(**both, joints="fixed"),
    }


def draw_masks(
    store: SkeletonStore,
    clip: int,
    path: Path,
    *,
    frames: int = 20,
    frame_ratio: float = 0.4,
    joint_ratio: float = 0.5,
    seed: int = 0,
) -> None:
    """Draw the paper's ways of masking (Wu et al. 2023, figure 3) on a clip, a row each.

    Args:
        store: Where the clip is.
        clip: Its number.
        path: The picture.
        frames: Frames that the clip is resized to.
        frame_ratio: Fraction of the frames that are masked, alpha.
        joint_ratio: Fraction of the joints that are masked in each other frame, beta.
        seed: Seed of the masks.
    """
    sampling = ClipSampling(frames=frames, origin="first_frame")
    bodies = int(store.index.bodies[clip]) if 0 <= clip < len(store) else 1
    joints = sampled(store, clip, sampling, bodies=bodies)
    original = rearrange(joints[0], "c t v m -> t m v c").numpy()
    xyz = rearrange(joints, "n c t v m -> (n m) c t v")
    rows, visible = {"original": original}, {}
    for kind, masking in papers_maskings(frame_ratio, joint_ratio).items():
        name = kind.replace(", ", "\n")
        mask = masking.sample((bodies, *xyz.shape[2:]), torch.Generator().manual_seed(seed), xyz)
        rows[name], visible[name] = original, rearrange(mask.visible, "m t v -> t m v").numpy()
    hidden = f"{frame_ratio:.0%} of the frames, {joint_ratio:.0%} of the joints masked"
    draw_strip(
        path, rows, store.layout, visible=visible, frames=10, title=f"{clip_title(store, clip)}: {hidden}"
    )
