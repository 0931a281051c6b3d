"""Two real processes on the CPU: one queue, and the same weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

PROGRAM = """
import sys
from pathlib import Path

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from skeleton_baselines import STGCN, AimCLR, AimCLRConfig, CrosSCLR, CrosSCLRConfig, KeyQueue, STGCNConfig

folder, rank = Path(sys.argv[1]), int(sys.argv[2])
distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)

# Three keys from one, five from the other, more than there is room for; then none from one.
queue = KeyQueue(6, 4, generator=torch.Generator().manual_seed(0))
for step, counts in enumerate([(1, 2), (3, 5), (0, 2)]):
    keys = torch.randn(sum(counts), 4, generator=torch.Generator().manual_seed(step))
    queue.push(keys.split(counts)[rank])
answer = {"queue": queue.state_dict()}

skeleton = {"bones": ((0, 1), (2, 1)), "moco": {"queue_size": 16, "channels": 4, "momentum": 0.5}}
shape = STGCNConfig(joints=3, edges=((0, 1), (2, 1)), centre=1, width=2, num_features=8)
for name in ("crossclr", "aimclr"):
    torch.manual_seed(rank)  # other weights in each process, until the wrapper hands out the first's
    random = torch.Generator().manual_seed(0)
    if name == "crossclr":
        config = CrosSCLRConfig(**skeleton)
        encoders = {view: STGCN(shape) for view in config.views}
        model = CrosSCLR(encoders, config, features=8, generator=random)
    else:
        model = AimCLR(STGCN(shape), AimCLRConfig(**skeleton, pairs=((0, 2),)), generator=random)
    wrapped = DistributedDataParallel(model)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    random.manual_seed(100 + rank)
    for step in range(4):
        x = torch.randn(3 - rank, 3, 8, 3, 1, generator=random)
        optimizer.zero_grad()
        wrapped(x, generator=random, mine=step > 1).loss.backward()
        optimizer.step()
    answer[name] = {n: v for n, v in model.state_dict().items() if "running" not in n and "num_b" not in n}
torch.save(answer, folder / f"{rank}.pt")
distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_one_queue_and_the_same_weights_in_two_processes(tmp_path: Path) -> None:
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "CUDA_VISIBLE_DEVICES": ""}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), str(rank)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for process in processes:
            output, _ = process.communicate(timeout=120)
            assert process.returncode == 0, output
    finally:
        for process in processes:
            process.kill()
    both = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    for part in ("queue", "crossclr", "aimclr"):
        assert both[0][part].keys() == both[1][part].keys()
        for name, value in both[0][part].items():
            assert torch.equal(value, both[1][part][name]), f"{part}: {name}"

    from skeleton_baselines import KeyQueue

    alone = KeyQueue(6, 4, generator=torch.Generator().manual_seed(0))
    for step, count in enumerate([3, 8, 2]):
        alone.push(torch.randn(count, 4, generator=torch.Generator().manual_seed(step)))
    assert torch.equal(both[0]["queue"]["keys"], alone.keys)
    assert both[0]["queue"]["place"] == alone.place == 1
    assert both[0]["aimclr"]["moco.queue.place"] == 4 * 5 % 16
