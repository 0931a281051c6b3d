#!/usr/bin/env bash
# torch 2.13.0 imports its compiler (torch._dynamo and torch._inductor, hundreds of modules) when weights are drawn
# on the meta device, where a model is built to compare its shapes with those of a file before memory is taken.
# Expected: as on the CPU, where the same draw imports nothing, because on the meta device there is nothing to draw.
# The first draw then costs nearly as much processor time as `import torch`. Making a tensor and zero_ import nothing.
# Exits with 0 while that is so, with 1 when it has changed. It downloads torch.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cat > "$folder/meta.py" <<'PYTHON'
import sys, time
import torch

fresh = set(sys.modules)


def costs(name, work):
    before, begin = len(sys.modules), time.process_time()
    work()
    seconds = time.process_time() - begin
    print(f"{name}: {len(sys.modules) - before} modules, {seconds:.2f} s of processor time", flush=True)
    return len(sys.modules) - before


print(f"torch {torch.__version__}: {len(fresh)} modules after import torch, {time.process_time():.2f} s of processor time")
on_cpu = costs("torch.empty(8, 8).normal_() on the CPU", lambda: torch.empty(8, 8).normal_())
made = costs("torch.empty(8, 8).zero_() on the meta device", lambda: torch.empty(8, 8, device="meta").zero_())
drawn = costs("torch.empty(8, 8).normal_() on the meta device", lambda: torch.empty(8, 8, device="meta").normal_())
names = {name.partition(".")[2].partition(".")[0] for name in set(sys.modules) - fresh if name.startswith("torch.")}
print("of torch:", *sorted(names & {"_dynamo", "_inductor"}))
sys.exit(0 if max(on_cpu, made) < 50 and drawn > 500 and "_dynamo" in names else 1)
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" "$folder/meta.py"
