"""Runs of a study side by side in worker processes."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from skeleton_lab import reproduce
from skeleton_lab.errors import WorkerError
from skeleton_lab.runs import workers
from skeleton_lab.studies.plan import distinct, plan
from skeleton_lab.studies.runs import run_all

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("in_repository")]


def test_runs_side_by_side_in_worker_processes(study):
    assert reproduce.run(study("--processes", "2", "--row", "scratch", "--row", "near")) == {}
    chosen = [trial for trial in plan(study()) if trial.row.name in {"scratch", "near"}]
    assert all(run.finished for run in distinct(chosen))


def ended(run):
    """A run that is ended from outside."""
    os._exit(1)


def test_a_worker_that_is_ended_is_told_in_a_line(study):
    runs = distinct(plan(study("--row", "near")))
    with pytest.raises(WorkerError, match="a worker was ended from outside"):
        run_all(runs, ended, processes=2)


WAIT = """
import os, signal, sys
from pathlib import Path
from skeleton_lab.errors import exit_on_bad_input
from skeleton_lab.studies.plan import Run
from skeleton_lab.studies.runs import run_all

def wait(run):
    os.write(1, b"begun\\n")
    while True:
        signal.pause()

@exit_on_bad_input("reproduce")
def main():
    run_all([Run("simple", (), Path(str(number))) for number in range(6)], wait, processes=2)

if __name__ == "__main__":
    main()
"""


def test_control_c_ends_runs_side_by_side_in_a_line_and_begins_no_other(tmp_path):
    (tmp_path / "study.py").write_text(WAIT)
    study = subprocess.Popen(
        [sys.executable, "study.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert [study.stdout.readline() for _ in range(2)] == ["begun\n"] * 2
        os.killpg(study.pid, signal.SIGINT)  # as a terminal does
        out, said = study.communicate(timeout=120)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(study.pid, signal.SIGKILL)
    assert study.returncode == 75
    assert out == ""
    (line,) = [line for line in said.splitlines() if line.strip() and "run/s" not in line]
    assert line.startswith("reproduce: error: ") and "interrupted" in line


def test_control_c_while_a_worker_imports_its_libraries_lets_it_begin_nothing(monkeypatch):
    monkeypatch.setattr(workers, "_interrupted", False)
    before = signal.getsignal(signal.SIGINT)
    with ThreadPoolExecutor(1) as pool:  # hands the task on, as the queue of a worker does
        monkeypatch.setattr(pool, "submit", lambda task, *args: task(*args))
        try:
            assert workers.submit(pool, len, "abc") == 3
            signal.raise_signal(signal.SIGINT)  # the worker waits for its next task
            with pytest.raises(KeyboardInterrupt):
                workers.submit(pool, len, "abc")
        finally:
            signal.signal(signal.SIGINT, before)
