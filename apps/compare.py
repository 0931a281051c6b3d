"""Compare fine-tunings: mean and spread of their test accuracy over seeds, with and without pre-training.

    python apps/compare.py runs/utd-mhad/*

Runs with the same number of labelled clips are a row of the table.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.comparison import compare
from engine.errors import InputError, exit_on_bad_input, input_errors
from engine.results import FinetuneResult


def results_of(runs: Sequence[Path]) -> Iterator[FinetuneResult]:
    """Results of fine-tuning runs.

    Raises:
        InputError: If a folder holds no finished fine-tuning.
    """
    for run in runs:
        if not (run / "result.json").is_file():
            raise InputError(f"{run}: no finished run (it has no result.json)")
        with input_errors():
            yield FinetuneResult.model_validate_json((run / "result.json").read_text())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a fine-tuning run")
    with exit_on_bad_input("compare"):
        print(compare(results_of(parser.parse_args().runs)))


if __name__ == "__main__":
    main()
