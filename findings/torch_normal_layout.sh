#!/usr/bin/env bash
# In torch 2.13.0 on the CPU the same seed and shape give other numbers if the tensor lies otherwise in memory: normal_
# fills a transposed tensor, and one that is every second column of another, otherwise than a contiguous one; uniform_
# only a transposed one. So noise for clips (C, T, V) changes when a view is rearranged before it is filled.
# torch.randn(20) and torch.randn(32) share their first 4 numbers only, and below 16 numbers none is shared: a longer
# clip has other noise in its first frames, too. torch.rand(20) is the beginning of torch.rand(32).
# Expected: the numbers follow from the seed and the shape, and a shorter draw is the beginning of a longer one.
# Exits with 0 while that is so, with 1 when it has changed. It downloads torch.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cat > "$folder/normal.py" <<'PYTHON'
import sys
import torch


def seeded():
    return torch.Generator().manual_seed(0)


print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
layouts = {
    "contiguous": torch.empty(4, 6),
    "transposed": torch.empty(6, 4).t(),
    "every second column": torch.empty(4, 12)[:, ::2],
}
same = {}
for law in ("normal_", "uniform_"):
    drawn = {name: getattr(tensor, law)(generator=seeded()).clone() for name, tensor in layouts.items()}
    same[law] = [name for name in drawn if torch.equal(drawn[name], drawn["contiguous"])]
    print(f"{law} with one seed into (4, 6): as the contiguous tensor are {same[law]}")

shared = {}
for draw in (torch.randn, torch.rand):
    long = draw(32, generator=seeded())
    for length in (8, 15, 16, 20):
        short = draw(length, generator=seeded())
        shared[draw.__name__, length] = int((short == long[:length]).cumprod(0).sum())
        print(f"{draw.__name__}({length}): its first {shared[draw.__name__, length]} numbers are those of {draw.__name__}(32)")

normal = [shared["randn", length] for length in (8, 15, 16, 20)]
uniform = [shared["rand", length] for length in (8, 15, 16, 20)]
expected = same["normal_"] == ["contiguous"] and same["uniform_"] == ["contiguous", "every second column"]
sys.exit(0 if expected and normal == [0, 0, 16, 4] and uniform == [8, 15, 16, 20] else 1)
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" "$folder/normal.py"
