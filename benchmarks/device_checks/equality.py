"""What the device answers against what the CPU answers.

The truth is the CPU in float64. What the CPU itself loses in the precision at hand is measured beside it: the
device may lose four times as much, or a thousandth of a percent where the CPU loses nothing.
"""

from functools import partial
from typing import NamedTuple, get_args

import torch
from torch import Tensor, nn

from skeleton_data import AIMCLR_EXTREME, Augmentation, layout
from skeleton_data.transforms import augment, hide
from skeleton_mask import MaskConfig, clip_seeds

from .networks import FRAMES, JOINTS, NETWORKS, Network, clips
from .report import Report, require

SLACK, FLOOR = 4.0, 1e-5


class Answers(NamedTuple):
    """What a forward and backward pass in training give, each as one vector."""

    outputs: Tensor
    gradients: Tensor
    statistics: Tensor


def check_networks(report: Report, device: str) -> None:
    for (name, network), precision in ((n, p) for n in NETWORKS.items() for p in ("float32", "bfloat16")):
        report.check(f"{name}, {precision}", partial(compare, network, device, precision))


def compare(network: Network, device: str, precision: str) -> str:
    """Largest relative errors of outputs, gradients and BatchNorm statistics."""
    truth = answers(network, "cpu", "float64")
    on_cpu, on_device = (answers(network, where, precision) for where in ("cpu", device))
    told = []
    for what, true, cpu, found in zip(Answers._fields, truth, on_cpu, on_device, strict=True):
        if len(true):
            limit = max(SLACK * relative(cpu, true), FLOOR)
            told.append(require(relative(found, true), limit, what))
    return ", ".join(told)


def answers(network: Network, device: str, precision: str) -> Answers:
    torch.manual_seed(0)
    kind = torch.float64 if precision == "float64" else torch.float32
    model, x = network.build().to(device, kind), clips().to(device, kind)
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
        outputs = network.answer(model, x)
    outputs.to(kind).square().mean().backward()
    statistics = [b for n, b in model.named_buffers() if n.endswith(("running_mean", "running_var"))]
    return Answers(outputs.flatten(), gradients(model), torch.cat([torch.empty(0).to(x), *statistics]))


def gradients(model: nn.Module) -> Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def relative(found: Tensor, true: Tensor) -> float:
    """Error of the whole vector against its norm: some gradients are rounding and nothing else."""
    found, true = found.detach().cpu().double(), true.detach().cpu().double()
    return float((found - true).norm() / true.norm())


def check_masks(report: Report, device: str) -> None:
    """Masks of one seed a clip are bit by bit those of the CPU."""
    joints = clips()[..., 0]
    parts = {"body_part": {"parts": [range(12), range(12, JOINTS)]}}
    for kind in get_args(get_args(MaskConfig)[0]):
        name = kind.model_fields["kind"].default
        config = kind(**parts.get(name, {}))

        def same(config: MaskConfig = config) -> str:
            found = []
            for where in ("cpu", device):
                seeds = clip_seeds(0, 3, torch.arange(len(joints), device=where))
                mask = config.sample((len(joints), FRAMES, JOINTS), seeds, joints.to(where))
                found.append(mask.visible.cpu())
            differ = int((found[0] != found[1]).sum())
            return require(differ, 0, "places that differ")

        report.check(name, same)


def check_transforms(report: Report, device: str) -> None:
    """Clips that are varied on the device are those of the CPU, but for rounding."""
    every = Augmentation(**AIMCLR_EXTREME.model_dump() | {"flip": 0.5, "scale": 0.2, "joint_dropout": 0.2})
    drawn = {"seed": 0, "epoch": 1, "clip": range(6)}
    ways = {
        "augment": lambda x: augment(x, every, layout("ntu"), **drawn),
        "hide": lambda x: hide(x, Augmentation(axis_drop=0.5, frame_dropout=0.2, joint_dropout=0.2), **drawn),
    }
    for name, way in ways.items():
        report.check(name, lambda way=way: _same(way, device))


def _same(way: partial, device: str) -> str:
    return require(relative(way(clips().to(device)), way(clips())), FLOOR, "difference")
