"""All samplers trace whole, compiled masks equal eager ones, and nothing asks the device for a value."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from skeleton_mask import (
    Mask,
    body_part,
    clip_seeds,
    frame_only,
    joint_only,
    motion,
    motion_aware,
    spatial_temporal,
    temporal_blocks,
    tube,
)

SHAPE = (3, 10, 7)
PARTS = ((0, 1, 2), (3, 4), (5, 6))
SAMPLERS: dict[str, Callable[[Tensor, Tensor], Mask]] = {
    "spatial_temporal": lambda seeds, x: spatial_temporal(SHAPE, 0.4, 0.5, generator=seeds),
    "fixed": lambda seeds, x: spatial_temporal(SHAPE, 0.4, 0.5, joints="fixed", generator=seeds),
    "joint_only": lambda seeds, x: joint_only(SHAPE, 0.5, generator=seeds),
    "frame_only": lambda seeds, x: frame_only(SHAPE, 0.5, generator=seeds),
    "motion_aware": lambda seeds, x: motion_aware(motion(x), 0.5, tau=0.5, generator=seeds),
    "body_part": lambda seeds, x: body_part(SHAPE, 0.5, parts=PARTS, generator=seeds),
    "part_tubes": lambda seeds, x: body_part(SHAPE, 0.5, parts=PARTS, tube_frames=3, generator=seeds),
    "temporal_blocks": lambda seeds, x: temporal_blocks(SHAPE, 0.5, block_frames=3, generator=seeds),
    "tube": lambda seeds, x: tube(SHAPE, 0.5, tube_frames=3, generator=seeds),
}


@pytest.fixture(autouse=True)
def forget_compiled() -> None:
    torch.compiler.reset()


class NothingFromTheHost(TorchDispatchMode):
    """Fail where a tensor is made of Python values, which for a GPU is a copy that waits."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func is not torch.ops.aten.lift_fresh.default
        return func(*args, **(kwargs or {}))


Step = Callable[[Tensor, Tensor], tuple[Mask, Tensor]]


def mask_and_pack(sample: Callable[[Tensor, Tensor], Mask]) -> Step:
    def step(seeds: Tensor, x: Tensor) -> tuple[Mask, Tensor]:
        mask = sample(seeds, x)
        tokens = x.movedim(1, -1)
        return mask, mask.scatter(2 * mask.gather(tokens), fill=1.0)

    return step


@pytest.mark.parametrize("name", SAMPLERS)
def test_traces_whole_and_equals_eager(name: str) -> None:
    step = mask_and_pack(SAMPLERS[name])
    seeds, x = clip_seeds(0, 0, torch.arange(3)), torch.randn(3, 3, 10, 7)
    mask, packed = torch.compile(step, fullgraph=True, backend="eager")(seeds, x)
    expected, expected_packed = step(seeds, x)
    assert torch.equal(mask.visible, expected.visible)
    assert mask.visible_per_clip == expected.visible_per_clip
    assert torch.equal(packed, expected_packed)


@pytest.mark.parametrize("name", SAMPLERS)
def test_needs_no_value_from_the_device(name: str) -> None:
    # A meta tensor has no values: whatever would read one from the device fails on it.
    seeds = torch.empty(3, dtype=torch.int64, device="meta")
    with NothingFromTheHost():
        mask, packed = mask_and_pack(SAMPLERS[name])(seeds, torch.empty(3, 3, 10, 7, device="meta"))
    assert mask.visible.device.type == "meta"
    assert mask.indices.shape == (3, mask.visible_per_clip)
    assert packed.shape == (3, 10, 7, 3)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("default")
def test_compiled_to_machine_code_equals_eager() -> None:
    step = mask_and_pack(SAMPLERS["spatial_temporal"])
    x = torch.randn(3, 3, 10, 7)
    compiled = torch.compile(step, fullgraph=True)
    for epoch in range(3):
        seeds = clip_seeds(0, epoch, torch.arange(3))
        assert torch.equal(compiled(seeds, x)[0].visible, step(seeds, x)[0].visible)
        assert torch.equal(compiled(seeds, x)[1], step(seeds, x)[1])
