"""Reproduce a table of the paper, or make another: run or resume its rows, and write what came of them.

    skeleton-lab reproduce table1 --data data/ntu60 --row "random 0.5 0.5" --dry_run
    accelerate launch apps/reproduce.py table4 --data data/ntu60 --processes 1
    skeleton-lab reproduce table4 --data data/utd-mhad --protocols odd-subjects --unlabelled data/msrc12 \
        --preset adamw_cosine --model small --labels 10%,100% --seeds 3 --epochs 20 --steps 600

TABLE is a file, or the name of one in configs/studies/; `--help` lists what can be chosen. What is finished
is not done again, rows that need the same pre-training share it, and the table has all that is finished, also
by earlier calls with the same settings. The folder receives TABLE.md, .csv and .png, and the run folders; of
a protocol with folds also `folds`, with each fold, each subject and the pooled confusion matrix of each row.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any

import numpy as np

from skeleton_data import SkeletonStore
from skeleton_lab.data.finetune_clips import FinetuneClips
from skeleton_lab.data.same_clips import clips_among
from skeleton_lab.errors import FailedRunsError, InputError, exit_on_bad_input, input_errors
from skeleton_lab.evaluation.data import HeldOutSide
from skeleton_lab.recipe.recipe import read_options, read_recipe
from skeleton_lab.recipe.text_files import read_record
from skeleton_lab.runs.fingerprints import Fingerprint, require_same
from skeleton_lab.runs.folder import write_atomically
from skeleton_lab.runs.results import Evaluation
from skeleton_lab.runs.workers import is_first_process, progress_line
from skeleton_lab.studies.apps import APPS
from skeleton_lab.studies.cells import Cell, cells
from skeleton_lab.studies.comma_separated import comma_separated
from skeleton_lab.studies.fold_tables import fold_lines, write_folds
from skeleton_lab.studies.plan import Run, Trial, distinct, plan
from skeleton_lab.studies.run_check import check_run_folder, others_of
from skeleton_lab.studies.runs import Failures, how_many, run_all
from skeleton_lab.studies.study import Study
from skeleton_lab.studies.table import markdown


def perform(run: Run) -> Any:
    """Do a run; here, or in a worker."""
    app, bar = APPS[run.app], {"bar": progress_line()}
    with redirect_stdout(None):
        return import_module(f"skeleton_lab.{run.app}").run(recipe_of(run), **(bar if app.trains else {}))


def recipe_of(run: Run) -> Any:
    """Return what a run's app makes of its command line."""
    app = APPS[run.app]
    config = getattr(import_module(f"skeleton_lab.{run.app}"), app.config)
    return (read_recipe if app.trains else read_options)(config, run.arguments, program=run.app)


def check(trials: list[Trial], study: Study) -> None:
    """Look at the recipe and the data of each run, before the first begins.

    Raises:
        InputError: Naming the row that cannot be run, and why.
    """
    seen: set[Run] = set()
    with input_errors():
        more = () if study.transductive else tuple(map(SkeletonStore.open, study.unlabelled))
    for trial in trials:
        for run in trial.runs:
            if run not in seen:
                try:
                    check_run(run, study.side, more)
                except InputError as error:
                    raise error.within(f"row {trial.row.name!r}") from error
            seen.add(run)


def check_run(run: Run, side: HeldOutSide, unlabelled: Sequence[SkeletonStore]) -> None:
    """Look at the recipe and the data of a run, at what is in its folder, and at stores to pre-train on."""
    recipe, app = recipe_of(run), APPS[run.app]
    if not app.trains:  # its models may be still to come, but not the clips
        if run.finished and recipe.data.store:
            with input_errors():
                here = Fingerprint.of(SkeletonStore.open(recipe.data.store))
            require_same([here], read_record(Evaluation, run.result).data, run.folder)
        return
    if side == "validation" and getattr(recipe.training, "select", None) == "test":
        raise InputError("select is test, but side is validation: there would be no validation accuracy")
    with input_errors():
        clips = recipe.data.open()
        if isinstance(clips, FinetuneClips) and side == "validation" and not len(clips.validation):
            raise InputError("side is validation, but data.validation is 0, so no clips are held out")
        if isinstance(clips, FinetuneClips) and side == "test":
            clips.require_test()
            _require_unseen(clips, unlabelled)
        if app.starts_from and not all(need.finished for need in run.needs):
            recipe.model_copy(update={app.starts_from: None}).resolved(clips)
        else:
            source = recipe.source(clips) if app.starts_from else None
            resolved = recipe.resolved(clips, source) if source else recipe.resolved(clips)
            check_run_folder(resolved, clips, source, others_of(resolved, clips))


def _require_unseen(clips: FinetuneClips, unlabelled: Sequence[SkeletonStore]) -> None:
    """Refuse stores to pre-train on that hold test clips.

    Raises:
        InputError: Naming the store.
    """
    for store in unlabelled:
        seen = clips_among(clips.store, clips.test, store, np.arange(len(store)))
        if seen.any():
            raise InputError(
                f"unlabelled: {store.path} holds {seen.sum()} of the {len(seen)} test clips of "
                f"{clips.store.path}, and pre-training would see them; leave it out"
            )


def write(study: Study, found: list[Cell], trials: Sequence[Trial]) -> str:
    """Write the table, the figure and what the folds came to; return the table."""
    from skeleton_lab.studies.figure import draw

    table = markdown(
        found,
        title=study.title,
        source=study.source,
        spread=study.spread,
        notes=(*study.notes, *fold_lines(write_folds(trials if study.side == "test" else (), study.folder))),
        side=study.side,
        reference=study.reference,
        transductive=study.transductive,
    )
    numbers = comma_separated(found, reference=study.reference)
    write_atomically(study.folder / f"{study.name}.md", table.encode())
    write_atomically(study.folder / f"{study.name}.csv", numbers.encode())
    picture = study.folder / f"{study.name}.png"
    draw(found, picture, title=study.title, spread=study.spread, rows=study.figure_rows)
    return table


def _worth_a_line(found: list[Cell], chosen: Sequence[Trial]) -> list[Cell]:
    """Return the cells of rows that are asked for or have an earlier result; all where some are published."""
    if any(cell.row.published for cell in found):
        return found
    rows = {trial.row.name for trial in chosen} | {cell.row.name for cell in found if cell.seeds}
    return [cell for cell in found if cell.row.name in rows]


def run(study: Study) -> Failures[Run]:
    """Run or resume the rows that are asked for, and write the table of all that is finished.

    Raises:
        InputError: If study, recipes or data cannot be used; nothing has been run then.
    """
    if study.split and study.is_given("protocols"):
        raise InputError("protocols: split takes their place; give --protocols or --split")
    trials = plan(study)
    chosen = [trial for trial in trials if not study.row or trial.row.name in study.row]
    # The table has what is finished of all rows, so none of it may be of other data.
    check([trial for trial in trials if trial in chosen or trial.answer.finished], study)
    if study.dry_run:
        for each in distinct(chosen):
            print(f"{each.command}{'  # finished' if each.finished else ''}")
        return {}
    failures = run_all(distinct(chosen), perform, processes=how_many(study.processes, field="processes"))
    if is_first_process():
        table = write(study, _worth_a_line(cells(trials, study.side), chosen), trials)
        print(f"\n{table}\nSaved in {study.folder}: this as {study.name}.md, .csv and .png, and all runs.")
    return failures


@exit_on_bad_input("reproduce")
def main() -> None:
    """Read the study named on the command line and run it."""
    if failures := run(read_recipe(Study, sys.argv[1:], program="reproduce", folder="studies")):
        raise FailedRunsError(f"{len(failures)} runs failed; the same command tries them again")


if __name__ == "__main__":
    main()
