"""The folder of a run: checked, locked, and never half-written."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import tomli_w
from pydantic import BaseModel, Field

from skeleton_data import replacing
from skeleton_lab.errors import InputError, writing
from skeleton_lab.recipe.recipe import RecipeSection
from skeleton_lab.recipe.text_files import read_record, read_toml
from skeleton_lab.runs.earlier_recipe import completed, differences, resolved
from skeleton_lab.runs.fingerprints import (
    DATA,
    WEIGHTS,
    Fingerprints,
    require_same_data,
    require_same_weights,
    tell_missing,
)
from skeleton_lab.runs.outputs import SUMS, seal_text, what_is_wrong

Tracker = Literal["tensorboard", "wandb", "mlflow", "none"]


class RunConfig(RecipeSection):
    """The folder of a run, and how the run is watched. Nothing here changes its result."""

    folder: Path = Field(description="Folder of the run. It is created, and refused if it is not empty.")
    resume: bool = Field(False, description="Continue the run in `folder` from its last checkpoint, if any.")
    overwrite: bool = Field(False, description="Replace the run in `folder`.")
    dry_run: bool = Field(
        False, description="Print the whole recipe and what the run would be; nothing is trained or written."
    )
    tracker: Tracker = Field(
        "tensorboard", description="Tracker that receives the metrics, too, besides metrics.jsonl."
    )
    keep_checkpoints: int = Field(2, ge=1, description="Number of latest checkpoints that are kept.")
    workers: int = Field(
        0, ge=0, description="Data-loading processes for each training process (num_workers of torch)."
    )
    processes: int | None = Field(
        None,
        ge=1,
        description="Number of folds that run at once, if the protocol has folds (default: one per "
        "GPU or core).",
    )
    everything: bool = Field(
        True, description="Whether a model for use is also trained on all clips, if the protocol has folds."
    )


Result = TypeVar("Result", bound=BaseModel)

RUN_SHORTCUTS = {f"run.{field}": field for field in ("folder", "resume", "overwrite", "dry_run")}
"""`--resume` for `--run.resume`."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run: what may happen to it, and what is where.

    Attributes:
        run: Says where it is, and whether it may be resumed or replaced.
        recipe: The recipe of the run.
        data: Fingerprints of its stores.
        resumed: Whether a run is there that goes on.
        teacher: Whether its subfolder `teacher` is a run of its own, which is left as it is.
        weights: SHA-256 of the pre-trained weights that it begins with.
    """

    run: RunConfig
    recipe: BaseModel
    data: Fingerprints
    resumed: bool
    teacher: bool = False
    weights: str | None = None

    @property
    def path(self) -> Path:
        """The folder."""
        return self.run.folder

    @property
    def metrics(self) -> Path:
        """Its metrics, one JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.path / "checkpoints"

    @property
    def config(self) -> dict[str, Any]:
        """The fields of the recipe that the result depends on."""
        return resolved(self.recipe)

    @classmethod
    def check(
        cls,
        run: RunConfig,
        recipe: BaseModel,
        data: Fingerprints,
        *,
        teacher: bool = False,
        weights: str | None = None,
    ) -> RunFolder:
        """Check, without touching anything, that a run may go there.

        Raises:
            InputError: If something else is there, or a run to resume has another recipe, other data, or
                began with other weights.
        """
        new = cls(run, recipe, data, resumed=False, teacher=teacher, weights=weights)
        if run.dry_run:
            return new
        if run.resume and run.overwrite:
            raise InputError("run.resume and run.overwrite cannot be given together")
        if run.folder.exists() and not run.folder.is_dir():
            raise InputError(f"run.folder: {run.folder} is a file")
        for place in (run.folder, *run.folder.parents):
            if place.is_symlink() and not place.exists():
                raise InputError(
                    f"run.folder: {place} is a symbolic link to {place.readlink()}, which does not exist"
                )
        above = next(folder for folder in run.folder.absolute().parents if folder.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            raise InputError(f"run.folder: {run.folder} cannot be made in {above}")
        if run.folder.is_dir() and not os.access(run.folder, os.W_OK):
            raise InputError(f"run.folder: {run.folder} is read-only")
        if not new._content():
            return new
        if not (run.folder / CONFIG).is_file():
            raise InputError(
                f"run.folder: {run.folder} is not empty, and it is not a run: it has no {CONFIG}"
            )
        if run.overwrite:
            return new
        if not run.resume:
            raise InputError(
                f"run.folder: {run.folder} holds a run; --resume continues, --overwrite replaces it"
            )
        before = completed(read_toml(run.folder / CONFIG), type(recipe))
        for field, here, there in differences(new.config, before):
            raise InputError(f"{field}: {here!r}, but the run to resume, {run.folder}, has {there!r}")
        require_same_data(data, run.folder)
        require_same_weights(weights, run.folder)
        return replace(new, resumed=True)

    @classmethod
    def check_ended(cls, recipe: Any, data: Fingerprints, *, field: str, weights: str | None = None) -> None:
        """Check that the run of a recipe, which a field of another recipe names, is there and has ended.

        Raises:
            InputError: Naming the field, if it has not, or has another recipe, other data or weights.
        """
        if not (recipe.run.folder / RESULT).is_file():
            raise InputError(f"{field}: {recipe.run.folder} is not a finished run")
        try:
            cls.check(recipe.run, recipe, data, weights=weights)
        except InputError as error:
            raise error.within(field) from error

    def finished(self, kind: type[Result], *outputs: str) -> Result | None:
        """Return the result of a run that is to be resumed, but has nothing left to do.

        Args:
            kind: The kind of result.
            outputs: Names of what the run ended with besides it.

        Raises:
            InputError: If one of these is missing, or not as it was written.
        """
        if not self.resumed or not (self.path / RESULT).is_file():
            return None
        self.require_whole(*outputs)
        return read_record(kind, self.path / RESULT)

    def require_whole(self, *outputs: str) -> None:
        """Require that a run, if it has ended, still has what it ended with.

        Args:
            outputs: Names of this.

        Raises:
            InputError: If one is missing, or not as it was written; names it.
        """
        if (self.path / RESULT).is_file() and (problem := what_is_wrong(self.path, outputs)):
            raise InputError(
                f"run.folder: {self.path} has ended, but its {problem}; --overwrite runs it again"
            )

    def end(self, result: BaseModel, *outputs: str) -> None:
        """Write the result, last of all, and before it the checksums of what else the run ended with.

        Raises:
            OutputError: If one cannot be written; the run has not ended then.
        """
        if outputs:
            with writing(self.path):
                sums = seal_text(self.path, outputs)
            write_atomically(self.path / SUMS, sums.encode())
        self.write_json(RESULT, result.model_dump(mode="json"))

    def prepare(self) -> None:
        """Make and lock the folder, and write recipe and fingerprints; an old run is replaced if it may be.

        The folder is checked again under the lock: a run may have begun or ended there since `check`.

        Raises:
            InputError: If another process has the folder, or it may no longer be used.
            OutputError: If it cannot be written; an old run is still there then.
        """
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        self.lock()
        try:
            again = RunFolder.check(
                self.run, self.recipe, self.data, teacher=self.teacher, weights=self.weights
            )
            if again.resumed != self.resumed:
                raise InputError(f"run.folder: another process used {self.path} in the meantime; start again")
            if not self.resumed:
                self._begin()
            self._keep_fingerprints()
        except BaseException:
            self.unlock()
            raise

    def lock(self) -> None:
        """Keep other processes out until `unlock`, or until this process ends.

        Raises:
            InputError: If the folder is locked already.
        """
        in_use = InputError(f"run.folder: {self.path} is in use by another process")
        if self.path.absolute() in _locks:
            raise in_use
        with writing(self.path):
            file = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had the folder may have removed the file between the two calls above.
            if not os.path.samestat(os.fstat(file), os.stat(self.path / LOCK)):
                raise FileNotFoundError
        except (BlockingIOError, PermissionError, FileNotFoundError):
            os.close(file)
            raise in_use from None
        except OSError:
            pass  # a file system without locks
        _locks[self.path.absolute()] = file

    def unlock(self) -> None:
        """Let other processes use the folder."""
        if (file := _locks.pop(self.path.absolute(), None)) is not None:
            (self.path / LOCK).unlink(missing_ok=True)
            os.close(file)

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file, atomically."""
        write_atomically(self.path / name, (json.dumps(content, indent=2) + "\n").encode())

    def _begin(self) -> None:
        """Remove an old run, its result first and its recipe last, by writing the new recipe in its place."""
        with writing(self.path), replacing(self.path / CONFIG) as draft:
            draft.write_text(tomli_w.dumps(self.config), encoding="utf-8")
            (self.path / RESULT).unlink(missing_ok=True)
            for old in self._content() - {self.path / CONFIG}:
                if old.is_dir() and not old.is_symlink():
                    shutil.rmtree(old)
                else:
                    old.unlink()

    def _keep_fingerprints(self) -> None:
        if self.resumed:
            tell_missing(self.path, DATA, *([WEIGHTS] if self.weights else []))
        if self.weights and not (self.path / WEIGHTS).is_file():
            write_atomically(self.path / WEIGHTS, f"{self.weights}\n".encode())
        if not (self.path / DATA).is_file():
            self.write_json(DATA, [each.model_dump() for each in self.data])

    def _content(self) -> set[Path]:
        """Return what is in the folder but for a lock and a draft, which a killed process may leave."""
        if not self.path.is_dir():
            return set()
        left = (LOCK, ".config.partial-")
        found = {path for path in self.path.iterdir() if not path.name.startswith(left)}
        return found - {self.path / TEACHER} if self.teacher else found


CONFIG, RESULT, LOCK, TEACHER = "config.toml", "result.json", ".lock", "teacher"
_locks: dict[Path, int] = {}
"""Folders that this process has, with the file that is locked; a lock ends with the process at the latest."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old content or the new, never a part.

    Raises:
        OutputError: If it cannot be written; the old file is whole.
    """
    with writing(path), replacing(path) as draft:
        draft.write_bytes(content)
