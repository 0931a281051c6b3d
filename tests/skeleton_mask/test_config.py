"""Configs: what they build, what they refuse, and that reading one does not import torch."""

import subprocess
import sys
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from skeleton_mask import (
    MaskConfig,
    MotionAwareConfig,
    body_part,
    frame_only,
    joint_only,
    motion,
    motion_aware,
    scaled,
    spatial_temporal,
    temporal_blocks,
    tube,
)

SHAPE = (3, 8, 6)
PARTS = ((0, 1, 2), (3, 4, 5))
read = TypeAdapter[Any](MaskConfig).validate_python


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


CASES = {
    "spatial_temporal": (
        {"frame_ratio": 0.25, "joint_ratio": 0.5, "joints": "fixed"},
        lambda x: spatial_temporal(SHAPE, 0.25, 0.5, joints="fixed", generator=generator()),
    ),
    "joint_only": (
        {"joint_ratio": 0.3, "joints": "fixed"},
        lambda x: joint_only(SHAPE, 0.3, joints="fixed", generator=generator()),
    ),
    "frame_only": ({"frame_ratio": 0.3}, lambda x: frame_only(SHAPE, 0.3, generator=generator())),
    "motion_aware": (
        {"ratio": 0.7, "tau": 0.2},
        lambda x: motion_aware(motion(x, patch_frames=2), 0.7, tau=0.2, generator=generator()),
    ),
    "body_part": (
        {"joint_ratio": 0.5, "parts": PARTS, "tube_frames": 3},
        lambda x: body_part(SHAPE, 0.5, parts=PARTS, tube_frames=3, generator=generator()),
    ),
    "temporal_blocks": (
        {"frame_ratio": 0.5, "block_frames": 2},
        lambda x: temporal_blocks(SHAPE, 0.5, block_frames=2, generator=generator()),
    ),
    "tube": (
        {"joint_ratio": 0.5, "tube_frames": 3},
        lambda x: tube(SHAPE, 0.5, tube_frames=3, generator=generator()),
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_config_builds_its_mask_and_survives_json(kind: str) -> None:
    fields, build = CASES[kind]
    x = torch.randn(3, 3, 16, 6)
    config = read({"kind": kind, **fields})
    assert torch.equal(config.sample(SHAPE, generator(), x).visible, build(x).visible)
    assert TypeAdapter[Any](MaskConfig).validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(("ratio", "hidden"), [(8, 8), ("8", 8), (0.4, 8), (1, 1), (0, 0)])
def test_a_whole_number_is_a_count(ratio: object, hidden: int) -> None:
    mask = read({"kind": "frame_only", "frame_ratio": ratio}).sample((2, 20, 5), generator())
    assert mask.frames.sum(dim=1).tolist() == [20 - hidden] * 2


@pytest.mark.parametrize("kind", CASES)
def test_every_field_is_described_and_frozen(kind: str) -> None:
    config = read({"kind": kind, **CASES[kind][0]})
    assert all(field.description for field in type(config).model_fields.values())
    with pytest.raises(ValidationError, match="frozen"):
        config.kind = kind


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"kind": "spatial_temporal", "joint_ratio": 1.0}, "joint_ratio"),
        ({"kind": "spatial_temporal", "frame_ratio": -0.1}, "frame_ratio"),
        ({"kind": "spatial_temporal", "joint_ratoi": 0.5}, "joint_ratoi"),
        ({"kind": "motion_aware", "tau": 0}, "tau"),
        ({"kind": "tube", "tube_frames": 0}, "tube_frames"),
        ({"kind": "body_part"}, "parts"),
        ({"kind": "body_part", "parts": ()}, "parts"),
        ({"kind": "body_part", "parts": "limbs"}, "parts"),
        ({"kind": "body_part", "parts": PARTS, "tube_frames": 0}, "tube_frames"),
        ({"kind": "tubes"}, "tubes"),
        ({"kind": "joint_only", "joint_ratio": float("nan")}, "joint_ratio"),
    ],
)
def test_refuses_and_names_the_field(values: dict[str, Any], names: str) -> None:
    with pytest.raises(ValidationError, match=names):
        read(values)


@pytest.mark.parametrize("kind", CASES)
def test_scaled_changes_ratios_alone(kind: str) -> None:
    fields, _ = CASES[kind]
    config = read({"kind": kind, **fields})
    half = {name: value / 2 if name.endswith("ratio") else value for name, value in fields.items()}
    assert scaled(config, 0.5) == read({"kind": kind, **half})
    with pytest.raises(ValueError, match="ratio must be"):
        scaled(config, 4.0)


def test_parts_of_a_layout_are_to_be_filled_in() -> None:
    config = read({"kind": "body_part", "parts": "layout"})
    with pytest.raises(ValueError, match="parts must be joint numbers"):
        config.sample(SHAPE, generator())


@pytest.mark.parametrize("shape", [None, (3, 3, 8, 5), (2, 3, 8, 6), (3, 3, 12, 6), (3, 8, 6)])
def test_motion_aware_refuses_joints_that_do_not_fit(shape: tuple[int, ...] | None) -> None:
    x = None if shape is None else torch.zeros(shape)
    with pytest.raises(ValueError, match="joints_xyz must be "):
        MotionAwareConfig().sample(SHAPE, generator(), x)


def test_reading_a_config_imports_no_torch() -> None:
    code = (
        "import sys, skeleton_mask as sm; sm.SpatialTemporalConfig(joint_ratio=0.4); sm.MaskConfig;"
        "print(sorted({'torch', 'matplotlib', 'timm', 'torchvision'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
