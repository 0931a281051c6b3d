"""Training on the device: it resumes, compiles, and is the same under DDP and FSDP."""

import io
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch import distributed as dist

from .equality import relative
from .networks import NETWORKS, clips
from .report import NotHere, Report, require

STEPS = 3


def check_training(report: Report, device: str) -> None:
    report.check("resume", lambda: resume(device))
    report.check("torch.compile", lambda: compiled(device))
    for name, wrap in (("DDP", _ddp), ("FSDP", _fsdp)):
        report.check(f"{name} of one process", lambda wrap=wrap: wrapped(wrap, device))


def resume(device: str) -> str:
    """A training that was saved half-way ends like one that was not, as nearly as two that were not do."""
    whole, again = train(device), train(device)
    saved = io.BytesIO()
    train(device, steps=STEPS, save=saved)
    saved.seek(0)
    resumed = train(device, start=saved)
    apart = relative(again, whole)
    limit = max(10 * apart, 1e-6 if device == "cuda" else 0)  # a GPU adds up in an order of its own
    return f"{require(relative(resumed, whole), limit, 'difference')}, two whole runs {apart:.1e} apart"


def compiled(device: str) -> str:
    """The compiled step has the eager one's gradients; on a CPU without inductor's C++ compiler."""
    backend = "inductor" if device == "cuda" else "aot_eager"
    expected = train(device)
    found = train(device, wrap=lambda model, _: torch.compile(model, backend=backend))
    return f"{require(relative(found, expected), 1e-3, f'{backend}, difference')} after {2 * STEPS} steps"


def wrapped(wrap: Callable[[nn.Module, str], nn.Module], device: str) -> str:
    """Steps of the wrapped model move weights as those of the bare one do."""
    if not dist.is_available():
        raise NotHere("torch was built without torch.distributed")
    expected = train(device)
    with tempfile.TemporaryDirectory() as folder:
        backend = "nccl" if device == "cuda" else "gloo"
        dist.init_process_group(backend, init_method=f"file://{Path(folder) / 'init'}", rank=0, world_size=1)
        try:
            return require(relative(train(device, wrap=wrap), expected), 1e-3, "difference of the weights")
        finally:
            dist.destroy_process_group()


def _ddp(model: nn.Module, device: str) -> nn.Module:
    return nn.parallel.DistributedDataParallel(model)


def _fsdp(model: nn.Module, device: str) -> nn.Module:
    try:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard
    except ImportError:
        raise NotHere("this torch has no fully_shard") from None
    shard = partial(fully_shard, mesh=init_device_mesh(device, (1,)))
    for block in model.blocks:
        shard(block)
    shard(model)
    return model


def train(
    device: str,
    *,
    steps: int = 2 * STEPS,
    save: io.BytesIO | None = None,
    start: io.BytesIO | None = None,
    wrap: Callable[[nn.Module, str], nn.Module] = lambda model, _: model,
) -> Tensor:
    """Train STTFormer for some steps, or from a saved state on, and return all weights and statistics."""
    torch.manual_seed(0)
    bare = NETWORKS["STTFormer, dense"].build().to(device)
    model = wrap(bare, device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)
    done = 0
    if start:
        state = torch.load(start, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        done = state["step"]
    labels = torch.arange(6, device=device)
    for step in range(done, steps):
        x = (clips() * (1 + step)).to(device)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()
    if save:
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": steps}, save)
    tensors = [t.full_tensor() if hasattr(t, "full_tensor") else t for t in bare.state_dict().values()]
    return torch.cat([t.detach().flatten() for t in tensors if t.is_floating_point()])
