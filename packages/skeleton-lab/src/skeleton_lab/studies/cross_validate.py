"""Run every fold of a protocol as one run: side by side, resumable, with one table at the end.

    skeleton-lab finetune RECIPE --data.protocol leave-one-subject-out
    skeleton-lab simple RECIPE --data.protocol "folds(subject, 5)"
    skeleton-lab pretrain RECIPE --data.sources '[{"store": "data/x", "protocol": "leave-one-subject-out"}]'

The folder of the run holds a run for each fold (fold-01, ...) and one on all clips (all), whose model is for
use; result.json, folds.md, answers.csv, confusion.csv and confusion.png are of all folds together. Encoders
that were pre-trained fold by fold are matched fold by fold.
"""

from __future__ import annotations

import os
import time
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any, TypeAlias, cast

from skeleton_data import class_table
from skeleton_lab.data.finetune_clips import FinetuneData
from skeleton_lab.errors import FailedRunsError, InputError, input_errors
from skeleton_lab.runs.cross_validation import CrossValidation, Fold, FoldedTraining
from skeleton_lab.runs.fingerprints import Fingerprint
from skeleton_lab.runs.folder import RunFolder
from skeleton_lab.runs.provenance import provenance
from skeleton_lab.runs.workers import progress_line, tell_notes
from skeleton_lab.studies.folds import FoldRun, finished_answers, fold_runs, folded_source
from skeleton_lab.studies.pooling import POOLED, pool_folds
from skeleton_lab.studies.run_check import check_run_folder, others_of
from skeleton_lab.studies.runs import how_many, run_all

Result: TypeAlias = CrossValidation | FoldedTraining


def has_folds(config: Any) -> bool:
    """Whether a recipe stands for a run of each fold of its protocol."""
    return folded_source(config.data) is not None


def run(config: Any) -> Result | None:
    """Run every fold, and write what came of them together; a dry run has no result.

    Args:
        config: The recipe of `finetune`, `simple`, `pretrain` or `contrast`, whose protocol has folds.

    Raises:
        InputError: If data, recipe, weights or folder cannot be used; nothing has been run then.
        FailedRunsError: If folds failed; the same command with `--resume` tries them again.
        RunError: If the run ends before it is done.
    """
    began, app = time.perf_counter(), type(config).__module__.rpartition(".")[2]
    kind = CrossValidation if isinstance(config.data, FinetuneData) else FoldedTraining
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError(
            "data.protocol has folds, which run side by side: start them without accelerate launch"
        )
    with input_errors():
        store, runs = fold_runs(config, app, everything=config.run.everything and app != "simple")
        folder = RunFolder.check(config.run, config, (Fingerprint.of(store),))
        seen = {_checked(each, config) for each in runs}
        pooled = POOLED if kind is CrossValidation else ()
        if all(each.finished for each in runs) and (finished := folder.finished(kind, *pooled)):
            print(_summary_text(cast(Result, finished)))
            return cast(Result, finished)
    if config.run.dry_run:
        print(f"{len(runs)} runs in {folder.path} (nothing was written): {', '.join(r.name for r in runs)}")
        return None
    folder.prepare()
    try:
        processes = how_many(config.run.processes, field="run.processes")
        failures = run_all(runs, perform, processes=processes, program=app)
        if failures:
            raise FailedRunsError(f"{len(failures)} of {len(runs)} runs failed; --resume tries them again")
        common = {
            "folder": folder.path,
            "protocol": str(getattr(folded_source(config.data), "protocol", "")),
            "everything": next((each.folder for each in runs if each.number is None), None),
            "seconds": round(time.perf_counter() - began, 1),
            "made_with": provenance(),
            "data": folder.data,
        }
        if kind is FoldedTraining:
            folds = {each.name: each.folder for each in runs if each.number is not None}
            result: Any = FoldedTraining(folds=folds, **common)
        else:
            result = _summary(runs, config, app, common, seen - {""})
        folder.end(result, *pooled)
        print(_summary_text(result))
        return cast(Result, result)
    finally:
        folder.unlock()


def perform(fold: FoldRun) -> Any:
    """Train a fold; here, or in a worker."""
    with redirect_stdout(None):
        return import_module(f"skeleton_lab.{fold.app}").run(fold.config, bar=progress_line())


def _checked(fold: FoldRun, config: Any) -> str | None:
    """Look at a fold as `_check` does, and name it in what is wrong, unless that is done already."""
    try:
        with input_errors():
            return _check(fold, config)
    except InputError as error:
        raise error if f"({fold.name})" in str(error) else error.within(fold.name) from error


def _check(fold: FoldRun, config: Any) -> str | None:
    """Look at recipe, data and folder of a fold, and return what its pre-trained model has met of its test.

    Raises:
        InputError: If it cannot be run.
    """
    from skeleton_lab.models.seen_clips import SEEN_SENTENCE, seen_of_test

    clips = fold.config.data.open()
    source = fold.config.source(clips) if getattr(fold.config, "pretrained", None) else None
    resolved = fold.config.resolved(clips, source) if source else fold.config.resolved(clips)
    if not config.run.overwrite:
        outputs = import_module(f"skeleton_lab.{fold.app}").OUTPUTS
        check_run_folder(resolved, clips, source, others_of(resolved, clips)).require_whole(*outputs)
    if not isinstance(fold.config.data, FinetuneData):
        return ""
    if config.run.dry_run:
        print(f"{fold.name}:", class_table(clips.counts, clips.classes), "", sep="\n")
    if fold.number is None or source is None:
        return ""
    seen = seen_of_test(source, clips)
    if seen == "labelled" or (seen == "unlabelled" and not config.transductive):
        raise InputError(
            f"pretrained: {source.path}: {SEEN_SENTENCE[seen]}; pre-train it with this protocol"
            + ("" if seen == "labelled" else ", or allow it with --transductive")
        )
    return seen


def _summary(
    runs: list[FoldRun], config: Any, app: str, common: dict[str, Any], seen: set[str | None]
) -> CrossValidation:
    """Put the folds together, and write what came of them."""
    clips = runs[0].config.data.open()
    found = dict(finished_answers(runs))
    folds = [Fold.of(each.number or 0, each.name, each.folder, result) for each, result in found.items()]
    notes = [f"Note: {note}" for note in clips.divided.notes]
    if any((result.get("self_training") or {}).get("transductive") for result in found.values()):
        notes.append("Note: Self-training learnt from the test clips without their labels (transductive).")
    tell_notes(app, clips.divided.notes)
    return pool_folds(
        folds,
        classes=clips.classes,
        app=app,
        pretrained=getattr(config, "pretrained", None),
        pretrained_saw_test="unlabelled" if "unlabelled" in seen else "not" if seen == {"not"} else None,
        notes=notes,
        **common,
    )


def _summary_text(result: CrossValidation | FoldedTraining) -> str:
    """Return what the terminal shows at the end."""
    use = f"\nThe model for use, which is not tested, is in {result.everything}." if result.everything else ""
    if isinstance(result, FoldedTraining):
        return f"{len(result.folds)} folds of {result.protocol}, in {result.folder}.{use}"
    return f"{result.protocol}\n\n{result.table()}\n\nSaved in {result.folder}.{use}"
