"""What an interrupted run needs to go on."""

from __future__ import annotations

import json
import random
import shutil
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from accelerate.utils import load as load_without_code
from pydantic import TypeAdapter

from skeleton_data import file_sha256, put_in_place
from skeleton_lab.errors import InputError, writing
from skeleton_lab.recipe.text_files import read_record
from skeleton_lab.runs.folder import RunFolder
from skeleton_lab.training.best_checkpoint import BestCheckpoint

STATE, SEAL = "run.json", "checksums.json"


@dataclass(frozen=True)
class RunState:
    """Where a run stands, besides weights, optimizer and random states; by default at its beginning.

    Attributes:
        step: Optimizer steps done.
        seconds: Time that they took.
        lines: Lines of metrics.jsonl.
        window: Values of those steps that are to be in the next line of metrics.
        best: State of the best checkpoint.
    """

    step: int = 0
    seconds: float = 0.0
    lines: int = 0
    window: list[list[float]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, checkpoint: Path) -> RunState:
        """Read it from the folder of a checkpoint.

        Raises:
            InputError: If it is damaged; names the file.
        """
        return read_record(cls, checkpoint / STATE)


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of a run, of which the last ones are kept.

    One holds weights, optimizer, average and random states as Accelerate saves them, `run.json` (`RunState`)
    and `checksums.json`. It is written under another name, sealed with checksums and renamed, so that the
    last whole one is there at any moment.

    Attributes:
        accelerator: Has prepared what is saved; all processes call methods together.
        run: The folder of the run.
        keep: Number of checkpoints that are kept.
    """

    accelerator: Accelerator
    run: RunFolder
    keep: int

    def load(self) -> RunState:
        """Load the last whole checkpoint of a run to resume into what the accelerator prepared.

        One that is damaged is named on standard error, and the one before is taken.

        Returns:
            Where the run stood then; its beginning if there is no checkpoint.

        Raises:
            InputError: If there are checkpoints, but none is whole, one is of other weights, random states
                cannot be restored, or the number of processes is another.
        """
        if not self.run.resumed:
            return RunState()
        chosen: list[Any] = [self._last_whole() if self.accelerator.is_main_process else None]
        path, damages = broadcast_object_list(chosen)[0]
        if path is None and damages:
            raise InputError("\n".join([*damages, f"{self.run.checkpoints}: no checkpoint is whole"]))
        if self.accelerator.is_main_process:
            for damage in damages:
                print(f"{damage}; the one before is used", file=sys.stderr)
        if path is None:
            if self.accelerator.is_main_process:
                print(f"{self.run.checkpoints}: there is no checkpoint; the run begins anew", file=sys.stderr)
            return RunState()
        processes = len(list(path.glob("random_states_*.pkl")))
        if processes and processes != self.accelerator.num_processes:
            raise InputError(
                f"{self.run.path}: the run had {processes} processes, which drew their own dropout, but is "
                f"resumed with {self.accelerator.num_processes}; start as many processes"
            )
        try:
            self.accelerator.load_state(str(path))
        except Exception as error:  # a damaged file raises almost anything, an optimizer of other weights too
            raise InputError(
                f"{path}: what it holds does not fit this run ({_reason(error)}); another version saved it: "
                "resume with that one, or begin anew with --overwrite"
            ) from error
        _restore_random_states(path / f"random_states_{self.accelerator.process_index}.pkl")
        return RunState.read(path)

    def save(self, state: RunState) -> None:
        """Save a checkpoint, and remove the oldest.

        Raises:
            OutputError: If the disk is full or the folder read-only; the checkpoints before are whole.
        """
        folder, main = self.run.checkpoints, self.accelerator.is_main_process
        partial, whole = folder / ".partial", folder / f"step-{state.step:09d}"
        with writing(whole):
            if main:
                shutil.rmtree(partial, ignore_errors=True)
                folder.mkdir(exist_ok=True)
            self.accelerator.wait_for_everyone()
            self.accelerator.save_state(str(partial))
            self.accelerator.wait_for_everyone()
            if main:
                (partial / STATE).write_text(json.dumps(asdict(state)))
                _seal(partial)
                put_in_place(partial, whole)
                self._prune(whole)

    def _last_whole(self) -> tuple[Path | None, list[str]]:
        """Return the last checkpoint that is whole, if any, and what is wrong with those behind it."""
        damages: list[str] = []
        for path in reversed(_steps(self.run.checkpoints)):
            damage = _damage(path) or self._damage_of_best(path)
            if damage is None:
                return path, damages
            damages.append(f"{path}: damaged ({damage})")
        return None, damages

    def _damage_of_best(self, checkpoint: Path) -> str | None:
        try:
            return self._best(checkpoint).damage()
        except (InputError, TypeError) as error:
            return str(error)

    def _best(self, checkpoint: Path) -> BestCheckpoint:
        return BestCheckpoint(self.accelerator, self.run.checkpoints, **RunState.read(checkpoint).best)

    def _prune(self, last: Path) -> None:
        """Remove checkpoints that are too many or from a later step, and weights that none names."""
        folder = self.run.checkpoints
        kept = [path for path in _steps(folder) if path <= last][-self.keep :]
        for path in set(_steps(folder)) - set(kept):
            shutil.rmtree(path, ignore_errors=True)
        named = set()
        for path in kept:
            # A damaged one names nothing here; a run that resumes reports it.
            with suppress(OSError, ValueError, TypeError):
                named.add(self._best(path).path)
        for path in set(folder.glob("*best-*.safetensors")) - named:
            path.unlink()


def _restore_random_states(path: Path) -> None:
    """Restore the random states of this process: Accelerate goes on without them where it cannot.

    Raises:
        InputError: If they cannot be restored; names the file.
    """
    try:
        states = load_without_code(path)
        random.setstate(states["random_state"])
        np.random.set_state(states["numpy_random_seed"])
        torch.set_rng_state(states["torch_manual_seed"])
        if torch.cuda.is_available():
            torch.cuda.set_rng_state_all(states["torch_cuda_manual_seed"])
    except Exception as error:  # a damaged pickle raises almost anything
        raise InputError(
            f"{path}: the random states cannot be restored ({_reason(error)}); resume with the versions of "
            "Python and PyTorch, the kind of device and the number of processes that the run had"
        ) from error


def _reason(error: Exception) -> str:
    """Return the first line of what a library says."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _steps(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))


def _names(folder: Path) -> set[str]:
    """Return the files of a checkpoint, without its seal and the hidden ones of a system."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix() for path in files} - {SEAL}


def _seal(folder: Path) -> None:
    """Write the checksums of a folder's files."""
    checksums = {name: file_sha256(folder / name) for name in sorted(_names(folder))}
    (folder / SEAL).write_text(json.dumps(checksums, indent=2))


def _damage(folder: Path) -> str | None:
    """Return what is wrong with a sealed folder."""
    try:
        checksums = read_record(TypeAdapter(dict[str, str]), folder / SEAL)
    except InputError:
        return f"{SEAL} is missing or damaged"
    for name, checksum in checksums.items():
        if not (folder / name).is_file():
            return f"{name} is missing"
        if file_sha256(folder / name) != checksum:
            return f"{name} is not what was saved"
    unsealed = {STATE, *_names(folder)} - checksums.keys()
    return f"{SEAL} lacks {min(unsealed)}" if unsealed else None
