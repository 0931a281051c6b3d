"""Compare fine-tunings: mean and spread of their accuracy over seeds, with and without pre-training.

    python apps/compare.py runs/utd-mhad/*
    python apps/compare.py --by step runs/utd-mhad/*

By labels, a row is of runs with the same number of labelled clips, on the test side. By step, it is what they
had after a number of steps on the clips that were held out to select the weights, of runs of one length.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from engine.comparison import compare, compare_by_step
from engine.errors import InputError, exit_on_bad_input, input_errors
from engine.results import FinetuneResult


def result_of(run: Path) -> FinetuneResult:
    """Result of a fine-tuning.

    Raises:
        InputError: If the folder holds no finished fine-tuning.
    """
    if not (run / "result.json").is_file():
        raise InputError(f"{run}: no finished run (it has no result.json)")
    with input_errors():
        text = (run / "result.json").read_text()
    try:
        return FinetuneResult.model_validate_json(text)
    except ValidationError as error:
        raise InputError(f"{run / 'result.json'}: not the result of a fine-tuning") from error


def history_of(run: Path) -> Mapping[int, float]:
    """Accuracy of a fine-tuning on held-out clips, by steps done.

    Raises:
        InputError: If nothing was held out, or the file cannot be read.
    """
    path = run / "metrics.jsonl"
    with input_errors():
        text = path.read_text()
    try:
        lines = [json.loads(line) for line in text.splitlines()]
        history = {line["step"]: line["top1"] for line in lines if line["split"] == "validation"}
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(f"{path}: not the metrics of a fine-tuning: {error!r}") from error
    if not history:
        raise InputError(f"{run}: no clips were held out (data.validation = 0), so nothing tells how it went")
    return history


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a fine-tuning run")
    parser.add_argument("--by", choices=("labels", "step"), default="labels", help="what a row is of")
    arguments = parser.parse_args()
    with exit_on_bad_input("compare"):
        results = [result_of(run) for run in arguments.runs]
        if arguments.by == "labels":
            print(compare(results))
        elif len(lengths := sorted({result.steps for result in results})) > 1:
            told = " and ".join(map(str, lengths))
            raise InputError(f"runs of {told} steps differ in their rates: compare those of one length")
        else:
            histories = [history_of(run) for run in arguments.runs]
            print(compare_by_step(zip(results, histories, strict=True)))


if __name__ == "__main__":
    main()
