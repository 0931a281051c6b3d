"""What an interrupted run needs to go on."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.utils import broadcast_object_list

from skeleton_data import file_sha256, put_in_place
from skeleton_lab.errors import InputError, Interrupted, writing
from skeleton_lab.runs.folder import RunFolder
from skeleton_lab.training.best_checkpoint import Selection
from skeleton_lab.training.metric_log import RunLog
from skeleton_lab.training.plan import Plan
from skeleton_lab.training.preemption import Interruption

STATE, SEAL = "run.json", "checksums.json"


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of a run, of which the last ones are kept.

    One holds weights, optimiser, average and random states as Accelerate saves them, beside `run.json` (step,
    selection, losses of the next line of metrics) and `checksums.json`. It is written aside, sealed and
    renamed, so that the last whole one is there at any moment.

    Attributes:
        accelerator: Has prepared what is saved; all processes call methods together.
        run: The folder of the run.
        keep: Number of checkpoints that are kept.
    """

    accelerator: Accelerator
    run: RunFolder
    keep: int

    def load(self) -> dict[str, Any]:
        """Load the last whole checkpoint of a run to resume into what the accelerator prepared.

        One that is damaged is named on standard error, and the one before is taken.

        Returns:
            `step`, `seconds`, `best` and `log`, as they were saved; step 0 if the run begins anew.

        Raises:
            InputError: If there are checkpoints, but none is whole.
        """
        if not self.run.resumed:
            return _BEGINNING
        chosen: list[Any] = [self._last_whole() if self.accelerator.is_main_process else None]
        path, damages = broadcast_object_list(chosen)[0]
        if path is None and damages:
            raise InputError("\n".join([*damages, f"{self.run.checkpoints}: no checkpoint is whole"]))
        if self.accelerator.is_main_process:
            for damage in damages:
                print(f"{damage}; the one before is used", file=sys.stderr)
        if path is None:
            return _BEGINNING
        self.accelerator.load_state(str(path))
        return json.loads((path / STATE).read_text())

    def after_step(self, plan: Plan, interruption: Interruption, *, log: RunLog, best: Selection) -> None:
        """Save at the end of a period, and before a run ends because it was told to.

        Raises:
            Interrupted: If it was told to.
            OutputError: If the disk is full or the folder read-only; the checkpoints before are whole.
        """
        told = interruption.told(log.done)
        if told or plan.ends_period(log.done):
            self._save(log=log, best=best)
        if told and log.done < plan.steps:
            told_when = f"told to end after step {log.done}"
            raise Interrupted(f"{self.run.path}: {told_when}; a checkpoint is saved, --resume continues")

    def _save(self, *, log: RunLog, best: Selection) -> None:
        state = {"step": log.done, "seconds": log.seconds, "log": log.state(), "best": best.state()}
        folder, main = self.run.checkpoints, self.accelerator.is_main_process
        partial, whole = folder / ".partial", folder / f"step-{log.done:09d}"
        with writing(whole):
            if main:
                shutil.rmtree(partial, ignore_errors=True)
                folder.mkdir(exist_ok=True)
            self.accelerator.wait_for_everyone()
            self.accelerator.save_state(str(partial))
            self.accelerator.wait_for_everyone()
            if main:
                (partial / STATE).write_text(json.dumps(state))
                _seal(partial)
                put_in_place(partial, whole)
                self._forget_all_but(whole)

    def _last_whole(self) -> tuple[Path | None, list[str]]:
        """The last checkpoint that is whole, if any, and what is wrong with those behind it."""
        damages = []
        for path in reversed(_steps(self.run.checkpoints)):
            complaint = _damage(path) or Selection(path.parent, **_state(path)["best"]).complaint()
            if complaint is None:
                return path, damages
            damages.append(f"{path}: damaged ({complaint})")
        return None, damages

    def _forget_all_but(self, last: Path) -> None:
        """Remove checkpoints that are too many or from a later step, and weights that none names."""
        folder = self.run.checkpoints
        kept = [path for path in _steps(folder) if path <= last][-self.keep :]
        for path in set(_steps(folder)) - set(kept):
            shutil.rmtree(path, ignore_errors=True)
        named = set()
        for path in kept:
            # One that is damaged names nothing; it is told when a run resumes.
            with suppress(OSError, ValueError):
                named.add(Selection(folder, **_state(path)["best"]).path)
        for path in set(folder.glob("*best-*.safetensors")) - named:
            path.unlink()


_BEGINNING: Mapping[str, Any] = {"step": 0, "seconds": 0.0, "best": {}, "log": []}


def _steps(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))


def _state(path: Path) -> dict[str, Any]:
    return json.loads((path / STATE).read_text())


def _seal(folder: Path) -> None:
    """Write the checksums of a folder's files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    checksums = {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}
    (folder / SEAL).write_text(json.dumps(checksums, indent=2))


def _damage(folder: Path) -> str | None:
    """What is wrong with a sealed folder."""
    try:
        checksums = json.loads((folder / SEAL).read_text())
    except (OSError, ValueError):
        return f"{SEAL} is missing or damaged"
    for name, checksum in checksums.items():
        if not (folder / name).is_file():
            return f"{name} is missing"
        if file_sha256(folder / name) != checksum:
            return f"{name} is not what was saved"
    return None
