"""Why a training on two processes is not that on one, to the last digit: gradients of one step, compared.

    python benchmarks/process_rounding.py

The same batch goes through the same new network on one process, and divided over two that share the
statistics of BatchNorm, in float32 and in float64. Printed is how far the gradients of all weights are from
those of one process in float64, relative to their norm: of the median weight and of the worst. Biases whose
effect a BatchNorm removes have no gradient but rounding, and are left out.
"""

import copy
import multiprocessing
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F

from sttformer import STTFormer, STTFormerConfig, TokenBatchNorm

CLIPS = 27
NO_EFFECT = ("slot_conv.bias", "feedforward.bias", "tuple_conv.bias", "linear.bias", "embed.bias")


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    blocks = ((32, 8), (32, 8), (64, 16), (64, 16))
    config = STTFormerConfig(joints=20, width=32, blocks=blocks, tuple_frames=2, num_classes=CLIPS)
    model = STTFormer(config)
    x = torch.randn(1, 3, 1, 20, 1) + 0.03 * torch.randn(CLIPS, 3, 20, 20, 1).cumsum(2)
    exact = gradients(model, x, torch.float64)
    for dtype in (torch.float32, torch.float64):
        compare(f"one process, {dtype}", gradients(model, x, dtype), exact)
        compare(f"two processes, {dtype}", divided(model, x, dtype), exact)


def compare(name: str, found: dict[str, Tensor], exact: dict[str, Tensor]) -> None:
    far = sorted(float((found[key] - exact[key]).norm() / exact[key].norm()) for key in exact)
    print(f"{name:<30} median {far[len(far) // 2]:.1e}, worst {far[-1]:.1e}", flush=True)


def gradients(
    model: nn.Module, x: Tensor, dtype: torch.dtype, part: slice = slice(None)
) -> dict[str, Tensor]:
    """Return the gradient of each weight, summed over processes; each computes a part of the clips."""
    model = copy.deepcopy(model).to(dtype)
    scores = model(x[part].to(dtype))
    (F.cross_entropy(scores, torch.arange(CLIPS)[part], reduction="sum") / CLIPS).backward()
    found = {}
    for name, weight in model.named_parameters():
        if not name.endswith(NO_EFFECT):
            if dist.is_initialized():
                dist.all_reduce(weight.grad)
            found[name] = weight.grad.double()
    return found


def divided(model: nn.Module, x: Tensor, dtype: torch.dtype) -> dict[str, Tensor]:
    """Return the gradients of two processes that share the statistics of BatchNorm."""
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        pair = [context.Process(target=rank, args=(n, model, x, dtype, folder)) for n in range(2)]
        for process in pair:
            process.start()
        for process in pair:
            process.join()
        return torch.load(Path(folder) / "gradients.pt", weights_only=True)


def rank(number: int, model: nn.Module, x: Tensor, dtype: torch.dtype, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=number, world_size=2)
    for module in model.modules():
        if isinstance(module, TokenBatchNorm):
            module.synchronised = True
    part = slice(None, CLIPS // 2) if number else slice(CLIPS // 2, None)
    found = gradients(model, x, dtype, part)
    if not number:
        torch.save(found, Path(folder) / "gradients.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
