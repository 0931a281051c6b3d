"""Pre-train whole, killed many times, on a disk that fills up, and told to end; started by test_resume.

    python tests/skeleton_lab/killed_runs.py RECIPE FOLDER [KILLS]

Prints what came of it. The runs are forked from this process, so that PyTorch is imported once. Moments to be
killed at are counted in events: parts of a step, and whatever Python opens, renames or removes.
"""

import json
import os
import random
import resource
import shutil
import signal
import sys
import traceback
from pathlib import Path

import torch._dynamo  # noqa: F401
from accelerate import Accelerator

# What is not used here is imported once, and not by every run.
from skeleton_lab import pretrain
from skeleton_lab.evaluation.reconstruction import mean_reconstruction_loss  # noqa: F401
from skeleton_lab.models.saving import save_network  # noqa: F401
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.training import checkpoint
from skeleton_lab.training.optimizer_step import OptimizerStep
from skeleton_lab.training.trainer import Trainer  # noqa: F401
from skeletonmae import SkeletonMAE  # noqa: F401

EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}


def main(recipe: str, folder: Path, most: int) -> None:
    def run(name):
        arguments = [recipe, "--run.folder", str(folder / name), "--run.resume"]
        pretrain.run(read_recipe(pretrain.PretrainConfig, arguments, program="app"), bar={"disable": True})

    def counted():
        events = count_events(at=None)
        run("whole")
        (folder / "events").write_text(str(len(events)))

    def killed(at):
        count_events(at=at)
        run("stopped")

    assert forked(counted) == 0
    events, kills, finished, draw = int((folder / "events").read_text()), 0, 0, random.Random(0)
    while kills < most:
        status = forked(lambda: killed(draw.randrange(1, events // 4)))
        kills += status == -signal.SIGKILL
        if status == 0:  # done before its moment came: once more from the beginning
            finished += 1
            compare(folder)
            shutil.rmtree(folder / "stopped")
    assert forked(lambda: run("stopped")) == 0
    compare(folder)
    print(json.dumps({"events": events, "kills": kills, "finished": finished + 1}))

    shutil.rmtree(folder / "stopped")
    sys.argv = ["pretrain", recipe, "--folder", str(folder / "stopped"), "--resume"]
    print(json.dumps({"full disk": forked(lambda: fill_disk(after=2) or pretrain.main())}))
    print(
        json.dumps(
            {"kept": sorted(path.name for path in (folder / "stopped" / "checkpoints").glob("step-*"))}
        )
    )
    assert forked(lambda: run("stopped")) == 0
    compare(folder)

    shutil.rmtree(folder / "stopped")
    sys.argv += ["--run.workers", "1"]
    print(json.dumps({"told to end": forked(lambda: tell_group_to_end(before=4) or pretrain.main())}))
    assert forked(lambda: run("stopped")) == 0
    compare(folder)


def forked(work) -> int:
    """The exit code of a process that does the work, negative if a signal ended it."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        work()
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def count_events(*, at: int | None) -> list[None]:
    """Count events from now on, and be killed at one of them."""
    events: list[None] = []

    def happened(event="step", _=()):
        if event == "step" or event in EVENTS:
            events.append(None)
            if len(events) == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(happened)
    for owner, name in ((Accelerator, "backward"), (OptimizerStep, "take")):
        original = getattr(owner, name)

        def and_counted(*arguments, original=original, **options):
            happened()
            result = original(*arguments, **options)
            happened()
            return result

        setattr(owner, name, and_counted)
    return events


def fill_disk(*, after: int) -> None:
    """Let no file grow beyond a few bytes once some checkpoints are saved."""
    saved, save = [], checkpoint.Checkpoints.save

    def and_fill(*arguments, **options):
        save(*arguments, **options)
        saved.append(None)
        if len(saved) == after:
            resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    checkpoint.Checkpoints.save = and_fill


def tell_group_to_end(*, before: int) -> None:
    """Send SIGTERM to this process and the workers that it starts, as a scheduler does."""
    os.setsid()
    take = OptimizerStep.take

    def and_tell(*arguments, **options):
        if options["number"] == before:
            os.killpg(os.getpid(), signal.SIGTERM)
        return take(*arguments, **options)

    OptimizerStep.take = and_tell


def compare(folder: Path) -> None:
    """Weights and metrics of both runs are the same to the last bit."""
    for name in ("model.safetensors", "metrics.jsonl", "encoder/model.safetensors"):
        assert (folder / "whole" / name).read_bytes() == (folder / "stopped" / name).read_bytes(), name
    whole, stopped = (json.loads((folder / run / "result.json").read_text()) for run in ("whole", "stopped"))
    assert {**whole, "folder": "", "seconds": 0} == {**stopped, "folder": "", "seconds": 0}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 10)
