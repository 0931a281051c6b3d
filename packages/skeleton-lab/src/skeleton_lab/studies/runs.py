"""Do the runs of a study: side by side in worker processes, or one after another in this one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeAlias

from tqdm import tqdm

from skeleton_data import printable
from skeleton_lab.errors import InputError, NotFiniteError, WorkerError
from skeleton_lab.runs.workers import is_first_process, one_line_on_interrupt, submit, worker_pool
from skeleton_lab.studies.plan import Run

Perform: TypeAlias = Callable[[Run], Any]
"""Does a run; picklable, for worker processes."""
Failures: TypeAlias = dict[Run, str]
"""What went wrong with a run, in a line."""
TROUBLE = (InputError, NotFiniteError)
"""What ends one run and leaves the others as they are; a full disk or a signal ends them all."""


def run_all(runs: Sequence[Run], perform: Perform, *, processes: int) -> Failures:
    """Do what is not finished; what needs a run that failed is not tried.

    Args:
        runs: Each comes after those that it needs.
        perform: Does a run.
        processes: Runs side by side; 1 does them in this process.

    Raises:
        RunError: If it would end all runs.
    """
    todo = [run for run in runs if not run.finished]
    if not todo:
        return {}
    with tqdm(total=len(todo), desc="runs", unit="run", disable=not is_first_process()) as bar:
        if processes == 1:
            return _one_after_another(todo, perform, bar)
        return _side_by_side(todo, perform, bar, processes)


def _one_after_another(todo: Sequence[Run], perform: Perform, bar: tqdm[Any]) -> Failures:
    failures: Failures = {}
    for run in todo:
        if any(need in failures for need in run.needs):
            failures[run] = "what it needs failed"
        else:
            try:
                perform(run)
            except TROUBLE as error:
                failures[run] = _tell(run, error)
        bar.update()
    return failures


def _side_by_side(todo: Sequence[Run], perform: Perform, bar: tqdm[Any], processes: int) -> Failures:
    failures: Failures = {}
    waiting, started = list(todo), dict[Future[Any], Run]()
    with one_line_on_interrupt(), worker_pool(min(processes, len(todo))) as pool:
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
                    failures[run] = _tell(run, error)
                elif isinstance(error, BrokenProcessPool):
                    raise WorkerError(
                        "a worker was ended from outside, perhaps for want of memory (then take fewer "
                        "--processes); the same command goes on"
                    ) from error
                elif error:
                    raise error
    return failures


def _tell(run: Run, error: BaseException) -> str:
    """Say at once what went wrong with a run, and what would try it again."""
    line = printable(" ".join(str(error).split())) or type(error).__name__
    if is_first_process():
        tqdm.write(f"reproduce: {run.folder} failed: {line}\n    {run.command}", file=sys.stderr)
    return line
