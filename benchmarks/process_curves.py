"""How far the validation losses of one process and of two that train together go apart.

    python benchmarks/process_curves.py pretrain --store data/utd-mhad --training.batch_size 16
    python benchmarks/process_curves.py finetune --store data/utd-mhad --data.labels_per_class 1

The default recipe is run once on one process and once on two, in float32 on the CPU, with the same clips and
masks in each step. Printed are the two validation losses, ten times, and how far the second is from the
first; at the end the median and the largest of these differences, and where each run had its smallest loss.
With `--untrained-biases` those that a BatchNorm follows stay as they are, see `untrained_biases.py`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).parents[1]
sys.path.append(str(REPO / "tests/support"))

from processes import TWO_PROCESSES, of_this_machine  # noqa: E402  # of the tests


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("app", choices=["pretrain", "finetune"])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--untrained-biases", action="store_true")
    options, more = parser.parse_known_args()
    length = ("--training.steps", options.steps, "--training.eval_every", options.steps // 10)
    held_out = ("--data.validation", "0.25", "--training.seed", options.seed, "--run.tracker", "none")
    recipe = REPO / "configs" / options.app / "default.toml"
    data = {
        "pretrain": (
            "--data.sources",
            json.dumps([{"store": str(options.store), "protocol": "odd-subjects"}]),
        ),
        "finetune": ("--data.store", options.store, "--data.protocol", "odd-subjects"),
    }[options.app]
    program = [REPO / "apps" / f"{options.app}.py"]
    if options.untrained_biases:
        program = [REPO / "benchmarks/untrained_biases.py", options.app]
    with tempfile.TemporaryDirectory() as folder:
        one, two = (
            losses(
                Path(folder) / str(count),
                count,
                [*program, recipe, *data, *length, *held_out, *more],
            )
            for count in (1, 2)
        )
    assert one.keys() == two.keys()
    apart = {step: abs(two[step] - one[step]) / one[step] for step in one}
    for step in one:
        print(f"step {step:>5}: {one[step]:.5f} and {two[step]:.5f}, {apart[step]:.2%} apart")
    print(f"median {statistics.median(apart.values()):.2%}, largest {max(apart.values()):.2%} apart")
    print(f"smallest after step {min(one, key=one.get)} and after step {min(two, key=two.get)}")


def losses(folder: Path, processes: int, command: list[object]) -> dict[int, float]:
    """Run a training on so many processes, and return its validation losses by step."""
    launch = ["-m", "accelerate.commands.launch", *TWO_PROCESSES] if processes == 2 else []
    words = [sys.executable, *launch, *command, "--run.folder", folder]
    done = subprocess.run(
        [str(word) for word in words], env=of_this_machine(folder), capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    assert json.loads((folder / "result.json").read_text())["num_processes"] == processes
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {row["step"]: row["loss"] for row in rows if row["split"] == "validation"}


if __name__ == "__main__":
    main()
