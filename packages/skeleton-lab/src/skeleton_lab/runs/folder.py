"""The folder of a run: claimed, filled, and never half-written."""

from __future__ import annotations

import fcntl
import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import tomli_w
from pydantic import BaseModel, Field, ValidationError

from skeleton_data import replacing, replacing_folder
from skeleton_lab.errors import InputError, writing
from skeleton_lab.recipe.recipe import RecipeSection

Tracker = Literal["tensorboard", "wandb", "mlflow", "none"]


class RunConfig(RecipeSection):
    """Where a run goes, and how it is watched. Nothing here changes its result."""

    folder: Path = Field(description="Folder of the run; made, and refused if something is in it.")
    resume: bool = Field(False, description="Continue the run in `folder` from its last checkpoint, if any.")
    overwrite: bool = Field(False, description="Replace the run in `folder`.")
    dry_run: bool = Field(False, description="Only say what the run would be; nothing is written.")
    tracker: Tracker = Field("tensorboard", description="Where curves go besides metrics.jsonl.")
    keep_checkpoints: int = Field(2, ge=1, description="How many of the last checkpoints are kept.")
    workers: int = Field(0, ge=0, description="Processes that read clips, for each training process.")


Result = TypeVar("Result", bound=BaseModel)
RUN_SHORTCUTS = {f"run.{field}": field for field in ("folder", "resume", "overwrite", "dry_run")}
"""`--resume` for `--run.resume`."""


@dataclass(frozen=True)
class RunFolder:
    """What is where in the folder of a run."""

    path: Path
    resumed: bool
    config: dict[str, Any]

    @property
    def metrics(self) -> Path:
        """One JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        """What is needed to resume."""
        return self.path / "checkpoints"

    @classmethod
    def claim(cls, run: RunConfig, recipe: BaseModel) -> RunFolder:
        """Check, without touching anything, that a run may go there.

        Raises:
            InputError: If something else is there, or a run with another recipe is to be resumed.
        """
        config = _resolved(recipe)
        if run.dry_run:
            return cls(run.folder, resumed=False, config=config)
        if run.resume and run.overwrite:
            raise InputError("run.resume, run.overwrite: only one of them")
        if run.folder.exists() and not run.folder.is_dir():
            raise InputError(f"run.folder: {run.folder} is a file")
        above = next(folder for folder in run.folder.absolute().parents if folder.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            raise InputError(f"run.folder: {run.folder} cannot be made in {above}")
        if run.folder.is_dir() and not os.access(run.folder, os.W_OK):
            raise InputError(f"run.folder: {run.folder} is read-only")
        if not run.folder.is_dir() or not any(run.folder.iterdir()):
            return cls(run.folder, resumed=False, config=config)
        if not (run.folder / "config.toml").is_file():
            raise InputError(f"run.folder: {run.folder} is not empty and no run (it has no config.toml)")
        if run.overwrite:
            return cls(run.folder, resumed=False, config=config)
        if not run.resume:
            raise InputError(
                f"run.folder: {run.folder} holds a run; --resume continues, --overwrite replaces it"
            )
        before = _completed(tomllib.loads((run.folder / "config.toml").read_text()), recipe)
        for field, here, there in differences(config, before):
            raise InputError(f"{field}: {here!r}, but the run to resume, {run.folder}, has {there!r}")
        return cls(run.folder, resumed=True, config=config)

    def finished(self, kind: type[Result]) -> Result | None:
        """The result of a run that is to be resumed, but has nothing left to do."""
        path = self.path / "result.json"
        return kind.model_validate_json(path.read_text()) if self.resumed and path.is_file() else None

    def create(self) -> None:
        """Make the folder, in place of what was there, and write the recipe as it was resolved."""
        if self.resumed:
            return
        with writing(self.path):
            if self.path.is_dir():
                self.hold()
                self.leave()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with replacing_folder(self.path) as draft:
                (draft / "config.toml").write_text(tomli_w.dumps(self.config), encoding="utf-8")

    def hold(self) -> None:
        """Keep other processes out until `leave`, or the end of this one.

        Raises:
            InputError: If another process has the folder.
        """
        with writing(self.path):
            held = os.open(self.path / HELD, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            os.close(held)
            raise InputError(f"run.folder: {self.path} is in use by another process") from None
        except OSError:
            pass  # a file system without locks
        _held[self.path.absolute()] = held

    def leave(self) -> None:
        """Let others in."""
        if (held := _held.pop(self.path.absolute(), None)) is not None:
            (self.path / HELD).unlink(missing_ok=True)
            os.close(held)

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file, whole or not at all."""
        write_atomically(self.path / name, (json.dumps(content, indent=2) + "\n").encode())


HELD = ".held"
_held: dict[Path, int] = {}
"""Folders that this process has, with the file that is locked; a lock ends with the process at the latest."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old content or the new, never a part.

    Raises:
        OutputError: If it cannot be written; the old file is whole.
    """
    with writing(path), replacing(path) as draft:
        draft.write_bytes(content)


def _resolved(recipe: BaseModel) -> dict[str, Any]:
    """All that a result depends on."""
    return recipe.model_dump(mode="json", exclude={"run"}, exclude_none=True)


def _completed(before: dict[str, Any], recipe: BaseModel) -> dict[str, Any]:
    """The recipe of an earlier run; fields that did not exist yet have their defaults."""
    try:
        return _resolved(type(recipe).model_validate(before | {"run": {"folder": "."}}))
    except ValidationError:
        return before


def differences(here: Any, there: Any, field: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Fields in which two resolved recipes differ, with what each of them has."""
    if isinstance(here, dict) and isinstance(there, dict):
        for name in sorted(here.keys() | there.keys()):
            yield from differences(here.get(name), there.get(name), f"{field}.{name}" if field else name)
    elif here != there:
        yield field, here, there
