"""Compare fine-tunings: mean and spread of their accuracy over seeds, with and without pre-training.

    skeleton-lab compare runs/utd-mhad/*
    skeleton-lab compare --by step runs/utd-mhad/* --curves curves.png
    skeleton-lab compare --by clip runs/scratch runs/pretrained
    skeleton-lab compare --by clip runs/pretrained predictions.csv

With --by labels, each row has the test accuracy of runs with the same number of labelled clips. With --by
step, each row has the validation accuracy after that number of steps, of runs of one length. Runs that are
averaged may differ in their seeds alone: data and split must be the same.

With --by clip, two runs of any kind (fine-tunings, simple baselines, all folds of a protocol) are compared on
the same test clips, by McNemar's exact test and a bootstrap interval of the difference, drawn over subjects.
Clips of one store are paired by their number; if the runs were tested on two stores, by their name. In place
of the second run, a CSV file may have the predictions of any other method: columns clip (number in the store)
or name, and answer (number of the class) or recognised (name of the class).
"""

import argparse
import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from skeleton_lab.errors import InputError, exit_on_bad_input, writing
from skeleton_lab.evaluation.comparison import compare, compare_by_step
from skeleton_lab.evaluation.significance import compare_answers
from skeleton_lab.models.model_folder import run_of
from skeleton_lab.recipe.text_files import MAX_RESULT, read_json, read_record, read_small_text, read_toml
from skeleton_lab.runs.answers import read_answers, read_predictions
from skeleton_lab.runs.earlier_recipe import completed, differences
from skeleton_lab.runs.fingerprints import Fingerprint, read_fingerprints
from skeleton_lab.runs.results import FinetuneResult, Origin

OF_A_SEED = {"training.seed", "data.split_seed", "data.label_seed"}
OF_A_SEED |= {"pretrained"} | {f"pretrained.{field}" for field in OF_A_SEED}
"""Fields of a recipe in which runs differ that are seeds of one row."""
OF_DATA = {"fingerprints", "sides"}
"""What stands beside a recipe, of its stores and how they are divided."""


def result_of(run: Path) -> FinetuneResult:
    """Return the result of a fine-tuning.

    Raises:
        InputError: If the folder holds no finished fine-tuning.
    """
    path = run / "result.json"
    if not path.is_file():
        raise InputError(f"{run} is not a finished run: it has no result.json")
    if isinstance(found := read_json(path, most=MAX_RESULT), dict) and "folds" in found:
        raise InputError(
            f"{run}: it holds all folds of {found.get('protocol', 'a protocol')}, which are not seeds of "
            "one recipe: compare two such folders with --by clip"
        )
    return read_record(FinetuneResult, path)


def history_of(run: Path) -> Mapping[int, float]:
    """Return the accuracy of a fine-tuning on held-out clips, by steps done.

    Raises:
        InputError: If nothing was held out, or the file cannot be read.
    """
    path = run / "metrics.jsonl"
    text = read_small_text(path, most=MAX_RESULT)
    try:
        lines = [json.loads(line) for line in text.splitlines()]
        history = {line["step"]: line["top1"] for line in lines if line["split"] == "validation"}
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: not the metrics of a fine-tuning: {error!r}") from error
    if not history:
        raise InputError(f"{run}: no clips were held out (data.validation = 0), so nothing tells how it went")
    return history


def recipe_of(run: Path) -> dict[str, Any]:
    """Return the recipe of a run; in it, in place of a folder, the recipe of the weights it started from.

    Raises:
        InputError: If it cannot be read.
    """
    recipe = _completed(read_toml(run / "config.toml"))
    if fingerprints := read_fingerprints(run):
        recipe["fingerprints"] = [each.sha256 for each in fingerprints]
        recipe["sides"] = {str(at): each.sides for at, each in enumerate(fingerprints)}
    if "pretrained" in recipe and (start := run_of(Path(recipe["pretrained"]))):
        recipe["pretrained"] = recipe_of(start)
    return recipe


def compare_clips(runs: Sequence[Path]) -> str:
    """Return the table of two runs on the same clips, or of a run and the predictions in a CSV file.

    Raises:
        InputError: If there are not two, one has no answers, or they are to other clips.
    """
    if len(runs) != 2:
        raise InputError(f"--by clip: expected two runs, got {len(runs)}")
    first = read_answers(runs[0])
    other_code = runs[1].suffix == ".csv"
    second = read_predictions(runs[1], first) if other_code else read_answers(runs[1])
    stores = {tested_on(run) for run in runs[: 1 if other_code else 2]} - {None}
    compared = compare_answers(first, second, (runs[0], runs[1]), same_data=len(stores) < 2)
    return compared.table((str(runs[0]), str(runs[1])))


def tested_on(run: Path) -> str | None:
    """Return the fingerprint of the store that a run was tested on; None if an earlier version made it.

    Raises:
        InputError: If the file that says it is damaged.
    """
    if (fingerprints := read_fingerprints(run)) is None and (run / "result.json").is_file():
        fingerprints = read_record(Origin, run / "result.json").data  # of the folds of a study
    return fingerprints[0].sha256 if fingerprints else None


def draw(starts: Mapping[Path, bool], picture: Path) -> None:
    """Draw the learning curves of runs from scratch and from pre-trained weights."""
    from skeleton_lab.pictures.curves import draw_curves

    groups = {
        name: [run for run, start in starts.items() if start is pretrained]
        for name, pretrained in (("from scratch", False), ("pre-trained", True))
    }
    with writing(picture):
        draw_curves({name: runs for name, runs in groups.items() if runs}, picture)


def _completed(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe in which fields that did not exist when it was written have their defaults."""
    from skeleton_lab import contrast, finetune, pretrain

    if "method" in recipe:
        return completed(recipe, contrast.ContrastConfig)
    pretrains = "sources" in recipe.get("data", {})
    return completed(recipe, pretrain.PretrainConfig if pretrains else finetune.FinetuneConfig)


def require_different(runs: Sequence[Path]) -> None:
    """Refuse a run that is given twice: it would count twice in a mean, or be compared with itself.

    Raises:
        InputError: Names the run.
    """
    known = [run.resolve() for run in runs]
    for number, run in enumerate(known):
        if run in known[:number]:
            raise InputError(f"{runs[number]}: this run is given twice; name each run once")


def check_alike(runs: Mapping[Path, Hashable]) -> None:
    """See that runs which are averaged are seeds of one recipe, on clips that are divided alike.

    Args:
        runs: Folders, each with what those that are averaged with it have in common.

    Raises:
        InputError: If two of them differ in more than their seeds, or a recipe cannot be read.
    """
    firsts: dict[Hashable, tuple[Path, dict[str, Any]]] = {}
    for run, common in runs.items():
        recipe = recipe_of(run)
        first, other = firsts.setdefault(common, (run, recipe))
        for field, here, there in differences(recipe, other):
            if field in OF_A_SEED:
                continue
            if OF_DATA.isdisjoint(field.split(".")):
                difference = f"{field} is {here!r}, but {there!r} in {first}"
                raise InputError(f"{run}: {difference}; only runs that differ in their seeds are averaged")
            if here is not None and there is not None:  # runs of earlier versions do not say it
                of = "its pre-training" if field.startswith("pretrained.") else "it"
                raise InputError(
                    f"{run}: {of} {_otherwise(field)} {first}; only seeds of one recipe are averaged"
                )


def check_same_test(runs: Mapping[Path, Hashable]) -> None:
    """See that runs whose accuracies are subtracted were trained and tested on the same sides.

    Args:
        runs: Folders, each with what those that it is compared with have in common.

    Raises:
        InputError: If two were not.
    """
    firsts: dict[Hashable, tuple[Path, Fingerprint]] = {}
    for run, common in runs.items():
        if fingerprints := read_fingerprints(run):
            here = fingerprints[0]
            first, there = firsts.setdefault(common, (run, here))
            if here.sha256 != there.sha256:
                raise InputError(f"{run}: it {_otherwise('fingerprints')} {first}: they are not compared")
            if None not in (here.sides, there.sides) and here.sides != there.sides:
                raise InputError(f"{run}: it {_otherwise('sides')} {first}: they are not compared")


def _otherwise(field: str) -> str:
    """Return what differs, as the end of a sentence that names the other run."""
    if "sides" in field:
        return "divides the clips into other sides (protocol, fold or split file) than"
    return "has other data than"


@exit_on_bad_input("compare")
def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="skeleton-lab compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="Folder of a fine-tuning run.")
    parser.add_argument(
        "--by",
        choices=("labels", "step", "clip"),
        default="labels",
        help=(
            "What a row is: runs with as many labels, a number of steps, or two runs on the "
            "same clips (default: labels)."
        ),
    )
    parser.add_argument(
        "--curves",
        type=Path,
        metavar="FILE",
        help="File of a picture of the learning curves, with the mean and range over seeds.",
    )
    arguments = parser.parse_args()
    require_different(arguments.runs)
    if arguments.by == "clip":
        print(compare_clips(arguments.runs))
        return
    results = {run: result_of(run) for run in arguments.runs}
    starts = {run: result.pretrained is not None for run, result in results.items()}
    if arguments.by == "labels":
        check_alike({run: (start, results[run].train_clips) for run, start in starts.items()})
        check_same_test({run: result.train_clips for run, result in results.items()})
        if arguments.curves:
            draw(starts, arguments.curves)
        print(compare(results.values()))
    elif len(lengths := sorted({result.steps for result in results.values()})) > 1:
        found = " and ".join(map(str, lengths))
        raise InputError(f"runs of {found} steps differ in their rates: compare those of one length")
    else:
        histories = [history_of(run) for run in results]
        check_alike(starts)
        check_same_test(dict.fromkeys(results))
        if arguments.curves:
            draw(starts, arguments.curves)
        print(compare_by_step(zip(results.values(), histories, strict=True)))


if __name__ == "__main__":
    main()
