"""Every way of masking against a slow reading of its definition, and what holds for all of them."""

import math
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from skeleton_mask import (
    Mask,
    body_part,
    clip_noise,
    clip_seeds,
    frame_only,
    joint_only,
    masked_count,
    motion,
    motion_aware,
    spatial_temporal,
    temporal_blocks,
    tube,
)

Sampler = Callable[[tuple[int, int, int], float, Tensor | torch.Generator], Mask]


def halves(joints: int) -> list[tuple[int, ...]]:
    return [part for part in (tuple(range(0, joints, 2)), tuple(range(1, joints, 2))) if part]


def moving(shape: tuple[int, int, int]) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(4))


SAMPLERS: dict[str, Sampler] = {
    "spatial_temporal": lambda shape, r, g: spatial_temporal(shape, r, r, generator=g),
    "fixed": lambda shape, r, g: spatial_temporal(shape, r, r, joints="fixed", generator=g),
    "joint_only": lambda shape, r, g: joint_only(shape, r, generator=g),
    "frame_only": lambda shape, r, g: frame_only(shape, r, generator=g),
    "motion_aware": lambda shape, r, g: motion_aware(moving(shape), r, tau=0.5, generator=g),
    "body_part": lambda shape, r, g: body_part(shape, r, parts=halves(shape[2]), generator=g),
    "part_tubes": lambda shape, r, g: body_part(shape, r, parts=halves(shape[2]), tube_frames=2, generator=g),
    "temporal_blocks": lambda shape, r, g: temporal_blocks(shape, r, block_frames=3, generator=g),
    "tube": lambda shape, r, g: tube(shape, r, tube_frames=2, generator=g),
}


def expected_visible(name: str, shape: tuple[int, int, int], ratio: float) -> int:
    _, frames, joints = shape
    shown_frames = frames - masked_count(ratio, frames)
    shown_joints = joints - masked_count(ratio, joints)
    match name:
        case "spatial_temporal" | "fixed":
            return shown_frames * shown_joints
        case "frame_only" | "temporal_blocks":
            return shown_frames * joints
        case "motion_aware":
            return frames * joints - masked_count(ratio, frames * joints)
        case _:
            return frames * shown_joints


everything = pytest.mark.parametrize("name", SAMPLERS)
shapes = st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9))


@everything
@given(shape=shapes, ratio=st.floats(0, 0.999), seed=st.integers(0, 2**40))
def test_counts_are_exact_and_equal(name: str, shape: tuple[int, int, int], ratio: float, seed: int) -> None:
    seeds = clip_seeds(seed, 0, torch.arange(shape[0]))
    for source in (torch.Generator().manual_seed(seed), seeds):
        mask = SAMPLERS[name](shape, ratio, source)
        assert mask.shape == shape
        assert mask.visible_per_clip == expected_visible(name, shape, ratio) >= 1
        assert mask.visible.sum(dim=(1, 2)).tolist() == [mask.visible_per_clip] * shape[0]


@everything
def test_a_ratio_of_zero_hides_nothing(name: str) -> None:
    assert SAMPLERS[name]((3, 4, 5), 0.0, torch.Generator()).visible.all()


@everything
def test_the_same_seed_gives_the_same_mask_and_another_another(name: str) -> None:
    first, again, other = (
        SAMPLERS[name]((4, 12, 10), 0.5, torch.Generator().manual_seed(seed)).visible for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


# Motion-aware masks depend on the clip's motion too and have a test of their own.
@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "motion_aware"])
def test_a_clip_with_its_seed_does_not_depend_on_the_batch(name: str) -> None:
    seeds = clip_seeds(3, 1, torch.arange(6))
    together = SAMPLERS[name]((6, 8, 10), 0.5, seeds).visible
    assert torch.equal(SAMPLERS[name]((2, 8, 10), 0.5, seeds[[4, 0]]).visible, together[[4, 0]])
    assert len(together.unique(dim=0)) > 1


@everything
def test_every_place_is_hidden_equally_often(name: str) -> None:
    clips, frames, joints = shape = (3000, 6, 6)
    if name == "motion_aware":
        mask = motion_aware(torch.ones(shape), 0.5, tau=0.5, generator=torch.Generator().manual_seed(0))
    else:
        mask = SAMPLERS[name](shape, 0.5, torch.Generator().manual_seed(0))
    share = mask.visible.float().mean(dim=0)
    expected = mask.visible_per_clip / (frames * joints)
    # Blocks are not quite uniform over time: a short one at an end counts as much as a whole one.
    tolerance = 0.12 if name == "temporal_blocks" else 5 * math.sqrt(expected * (1 - expected) / clips)
    assert (share - expected).abs().max() < tolerance


@everything
@pytest.mark.parametrize("ratio", [-0.1, 1.0, float("nan")])
def test_refuses_ratios_out_of_range(name: str, ratio: float) -> None:
    with pytest.raises(ValueError, match=rf"ratio must be at least 0 and below 1, got {ratio}"):
        SAMPLERS[name]((2, 3, 4), ratio, torch.Generator())


@pytest.mark.parametrize("shape", [(2, 3), (2, 0, 4), (2, 3, 4, 5), (-1, 3, 4)])
@pytest.mark.parametrize(
    "name", [name for name in SAMPLERS if name not in {"motion_aware", "body_part", "part_tubes"}]
)
def test_refuses_other_shapes(name: str, shape: Sequence[int]) -> None:
    with pytest.raises(ValueError, match=r"shape must be \(clips, frames, joints\), each at least 1, got"):
        SAMPLERS[name](shape, 0.5, torch.Generator())  # type: ignore[arg-type]


def smallest(keys: Sequence[float], count: int) -> set[int]:
    return set(sorted(range(len(keys)), key=lambda place: (keys[place], place))[:count])


@pytest.mark.parametrize("joints", ["random", "fixed"])
def test_spatial_temporal_equals_loops(joints: str) -> None:
    clips, frames, width = shape = (3, 7, 5)
    seeds = clip_seeds(0, 0, torch.arange(clips))
    rows = frames if joints == "random" else 1
    noise = clip_noise((clips, frames + rows * width), seeds).tolist()
    visible = torch.ones(shape, dtype=torch.bool)
    for n in range(clips):
        hidden_frames = smallest(noise[n][:frames], masked_count(0.4, frames))
        for t in range(frames):
            begin = frames + (t if joints == "random" else 0) * width
            hidden_joints = smallest(noise[n][begin : begin + width], masked_count(0.3, width))
            for v in range(width):
                visible[n, t, v] = t not in hidden_frames and v not in hidden_joints
    mask = spatial_temporal(shape, 0.4, 0.3, joints=joints, generator=seeds)  # type: ignore[arg-type]
    assert torch.equal(mask.visible, visible)


def test_fixed_joints_are_the_same_in_all_frames_and_random_ones_are_not() -> None:
    fixed = joint_only((4, 9, 10), 0.5, joints="fixed", generator=torch.Generator().manual_seed(0)).visible
    random = joint_only((4, 9, 10), 0.5, generator=torch.Generator().manual_seed(0)).visible
    assert torch.equal(fixed, fixed[:, :1].expand_as(fixed))
    assert all(len(clip.unique(dim=0)) > 5 for clip in random)


def test_temporal_blocks_equal_loops() -> None:
    clips, frames, joints = shape = (20, 11, 2)
    length, ratio = 3, 0.5
    seeds = clip_seeds(0, 0, torch.arange(clips))
    noise = clip_noise((clips, 1 + (frames - 1) // length + 2), seeds).tolist()
    mask = temporal_blocks(shape, ratio, block_frames=length, generator=seeds)
    for n in range(clips):
        cut = int(noise[n][0] * length)
        order = sorted(range(len(noise[n]) - 1), key=lambda block: noise[n][1 + block])
        hidden: list[int] = []
        for block in order:
            hidden += [t for t in range(frames) if (t + cut) // length == block]
        hidden = hidden[: masked_count(ratio, frames)]
        expected = torch.tensor([[t not in hidden] * joints for t in range(frames)])
        assert torch.equal(mask.visible[n], expected)


def test_temporal_blocks_of_one_frame_take_any_frames() -> None:
    mask = temporal_blocks((300, 4, 1), 0.5, block_frames=1, generator=torch.Generator().manual_seed(0))
    assert len(mask.frames.unique(dim=0)) == 6


def test_tubes_equal_loops() -> None:
    clips, frames, joints = shape = (4, 7, 5)
    seeds = clip_seeds(0, 0, torch.arange(clips))
    noise = clip_noise((clips, 3, joints), seeds).tolist()
    mask = tube(shape, 0.4, tube_frames=3, generator=seeds)
    for n in range(clips):
        for t in range(frames):
            hidden = smallest(noise[n][t // 3], masked_count(0.4, joints))
            assert mask.visible[n, t].tolist() == [v not in hidden for v in range(joints)]


@pytest.mark.parametrize("tube_frames", [None, 1, 2, 3, 5])
def test_body_parts_equal_loops(tube_frames: int | None) -> None:
    clips, frames, joints = shape = (12, 5, 7)
    parts = [(6, 0), (1, 2, 5), (3, 4)]
    seeds = clip_seeds(0, 0, torch.arange(clips))
    length = tube_frames or frames
    draws = len(parts) + joints
    noise = clip_noise((clips, math.ceil(frames / length) * draws), seeds).tolist()
    mask = body_part(shape, 0.5, parts=parts, tube_frames=tube_frames, generator=seeds)
    for n in range(clips):
        for t in range(frames):
            drawn = noise[n][t // length * draws :]
            order: list[int] = []
            for part in sorted(range(len(parts)), key=lambda number: drawn[number]):
                order += sorted(parts[part], key=lambda joint: drawn[len(parts) + joint])
            hidden = order[: masked_count(0.5, joints)]
            assert mask.visible[n, t].tolist() == [v not in hidden for v in range(joints)]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([(0, 1), (3,)], r"left out \[2\]"),
        ([(0, 1), (1, 2, 3)], r"repeated \[1\]"),
        ([(0, 1), (2, 3, 4)], r"unknown \[4\]"),
        ([(0, 1, 2, 3), ()], r"empty parts \[1\]"),
        ([(0, 0), (2, 9)], r"left out \[1, 3\], repeated \[0\], unknown \[9\]"),
    ],
)
def test_refuses_parts_that_do_not_cover(parts: list[tuple[int, ...]], found: str) -> None:
    with pytest.raises(ValueError, match=f"parts must hold each of 4 joints exactly once, got {found}"):
        body_part((1, 2, 4), 0.5, parts=parts, generator=torch.Generator())


@pytest.mark.parametrize("length", [0, -3])
def test_refuses_lengths_below_one(length: int) -> None:
    with pytest.raises(ValueError, match=f"block_frames must be at least 1, got {length}"):
        temporal_blocks((1, 2, 4), 0.5, block_frames=length, generator=torch.Generator())
    with pytest.raises(ValueError, match=f"tube_frames must be at least 1, got {length}"):
        tube((1, 2, 4), 0.5, tube_frames=length, generator=torch.Generator())
    with pytest.raises(ValueError, match=f"tube_frames must be at least 1, got {length}"):
        body_part((1, 2, 4), 0.5, parts=[(0, 1, 2, 3)], tube_frames=length, generator=torch.Generator())


def test_motion_of_a_single_patch_is_zero() -> None:
    assert motion(torch.randn(2, 3, 4, 5), patch_frames=4).eq(0).all()
