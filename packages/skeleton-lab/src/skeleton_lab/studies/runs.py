"""Do the runs of a study: side by side in worker processes, or one after another in this one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from tqdm import tqdm

from skeleton_data import printable
from skeleton_lab.errors import CollapsedError, InputError, NotFiniteError, WorkerError
from skeleton_lab.runs.workers import (
    is_first_process,
    silent_notes,
    submit,
    visible_devices,
    worker_pool,
)


class Task(Protocol):
    """A run that may need others."""

    @property
    def folder(self) -> Path:
        """Where it saves what comes of it."""

    @property
    def needs(self) -> Sequence[Task]:
        """What must be finished before."""

    @property
    def finished(self) -> bool:
        """Whether it has come to its end."""

    @property
    def command(self) -> str:
        """What would try it again."""


AnyRun = TypeVar("AnyRun", bound=Task)
Failures: TypeAlias = dict[AnyRun, str]
"""What went wrong with a run, in a line."""

TROUBLE = (InputError, NotFiniteError, CollapsedError)
"""What ends one run and leaves the others as they are; a full disk or a signal ends them all."""


def run_all(
    runs: Sequence[AnyRun], perform: Callable[[AnyRun], Any], *, processes: int, program: str = "reproduce"
) -> Failures[AnyRun]:
    """Do what is not finished; what needs a run that failed is not tried.

    Args:
        runs: Each comes after those that it needs.
        perform: Does a run; picklable, for worker processes.
        processes: Runs side by side; 1 does them in this process.
        program: Who tells what went wrong.

    Raises:
        RunError: If it would end all runs.
    """
    todo = [run for run in runs if not run.finished]
    if not todo:
        return {}
    with tqdm(total=len(todo), desc="runs", unit="run", disable=not is_first_process()) as bar:
        if processes == 1:
            return _one_after_another(todo, perform, bar, program)
        return _side_by_side(todo, perform, bar, processes, program)


def _one_after_another(
    todo: Sequence[AnyRun], perform: Callable[[AnyRun], Any], bar: tqdm[Any], program: str
) -> Failures[AnyRun]:
    failures: Failures[AnyRun] = {}
    for run in todo:
        if any(need in failures for need in run.needs):
            failures[run] = "what it needs failed"
        else:
            try:
                with silent_notes():
                    perform(run)
            except TROUBLE as error:
                failures[run] = _tell(run, error, program)
        bar.update()
    return failures


def _side_by_side(
    todo: Sequence[AnyRun],
    perform: Callable[[AnyRun], Any],
    bar: tqdm[Any],
    processes: int,
    program: str,
) -> Failures[AnyRun]:
    failures: Failures[AnyRun] = {}
    waiting, started = list(todo), dict[Future[Any], AnyRun]()
    with worker_pool(min(processes, len(todo))) as pool:
        while waiting or started:
            unfinished = {*waiting, *started.values()}
            for run in [run for run in waiting if unfinished.isdisjoint(run.needs)]:
                if any(need in failures for need in run.needs):
                    waiting.remove(run)
                    failures[run] = "what it needs failed"
                    bar.update()
                elif len(started) < processes:  # the pool would begin what it has queued, whatever happens
                    waiting.remove(run)
                    started[submit(pool, perform, run)] = run
            if started:
                future = next(as_completed(started))
                run, error = started.pop(future), future.exception()
                bar.update()
                if isinstance(error, TROUBLE):
                    failures[run] = _tell(run, error, program)
                elif isinstance(error, BrokenProcessPool):
                    raise WorkerError(
                        "a worker was ended from outside, perhaps because memory ran out (then use fewer "
                        "--processes); the same command continues the study"
                    ) from error
                elif error:
                    raise error
    return failures


def _tell(run: Task, error: BaseException, program: str) -> str:
    """Say at once what went wrong with a run, then where, and what would try it again."""
    line = printable(" ".join(str(error).split())) or type(error).__name__
    if is_first_process():
        problem = line.removeprefix(f"{run.folder}: ")
        tqdm.write(f"{program}: error: {problem}\n    {run.folder}: {run.command}", file=sys.stderr)
    return line


def how_many(processes: int | None, *, field: str) -> int:
    """Return how many runs go side by side: as many as asked for, or a core each, or a GPU each.

    Args:
        processes: What the user asks for.
        field: The field that says it, for messages.

    Raises:
        InputError: If several are wanted under several processes of `accelerate launch`.
    """
    launched = int(os.environ.get("WORLD_SIZE", "1"))
    if processes is None and launched == 1:
        return len(visible_devices()) or os.cpu_count() or 1
    if (processes or 1) > 1 and launched > 1:
        raise InputError(f"{field} is {processes}, but accelerate launched {launched} processes; set it to 1")
    return processes or 1
