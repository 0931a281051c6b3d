"""How often a step makes the host wait for the device."""

import warnings
from collections import Counter
from pathlib import Path

import torch

from .networks import NETWORKS, Network, clips
from .report import NotHere, Report


def check_waiting(report: Report, device: str) -> None:
    """Count for each network."""
    for name, network in NETWORKS.items():
        report.check(name, lambda network=network: waits(network, device))


def waits(network: Network, device: str) -> str:
    """Count in the third step, when libraries have been set up, by the lines that waited."""
    if device != "cuda":
        raise NotHere("a CPU has no host to wait for it; counted on a GPU alone")
    model, x = network.build().to(device), clips().to(device)
    optimizer = torch.optim.AdamW(model.parameters())

    def step() -> None:
        optimizer.zero_grad()
        network.answer(model, x).square().mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    for _ in range(2):
        step()
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    found = [w for w in caught if "synchroniz" in str(w.message)]
    places = Counter(f"{Path(w.filename).name}:{w.lineno}" for w in found)
    return f"{len(found)} a step; " + ", ".join(f"{place} {count}" for place, count in places.most_common())
