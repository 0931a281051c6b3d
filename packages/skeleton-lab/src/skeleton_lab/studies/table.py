"""The table of a study: accuracy of what is finished, the published numbers beside it, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import Any, Literal

from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.data import Side
from skeleton_lab.recipe.text_files import MAX_RESULT, read_json, read_toml
from skeleton_lab.studies.columns import Column
from skeleton_lab.studies.plan import Run, Trial
from skeleton_lab.studies.spread import half_interval
from skeleton_lab.studies.study import Row

Spread = Literal["deviation", "interval"]
SIDES = {"test": "the test side", "validation": "clips held out from the training side, at its best,"}


SELECTIONS = {
    "validation": "the most accurate on held-out clips of the training side",
    "last": "the last, selected without labels",
    "test": "the most accurate on the test side, which makes the accuracy too high",
}


_DIFFERENCES = (
    "In brackets: difference from the row {}, paired by seed; bold where its 95 % interval leaves out 0."
)


@dataclass(frozen=True)
class Cost:
    """What a run cost."""

    minutes: float
    clips_per_second: float | None
    parameters: int
    encoder_parameters: int | None


@dataclass(frozen=True)
class Cell:
    """What a row came to in a column.

    Attributes:
        row: The row.
        column: The column.
        seeds: Seeds that are finished.
        accuracy: Their accuracy in percent.
        labelled: How many clips were labelled, a mean over seeds.
        pretraining: Mean cost of their pre-trainings, if there are any.
        learning: Mean cost of their trainings with labels.
        selected_by: What selected the weights of a fine-tuning.
    """

    row: Row
    column: Column
    seeds: tuple[int, ...]
    accuracy: tuple[float, ...]
    labelled: float | None
    pretraining: Cost | None
    learning: Cost | None
    selected_by: str | None = None

    @property
    def mean(self) -> float | None:
        """Mean accuracy over seeds."""
        return mean(self.accuracy) if self.accuracy else None

    def spread(self, kind: Spread) -> float | None:
        """Return the standard deviation over seeds, or half of the 95 % interval of their mean."""
        if len(self.accuracy) < 2:
            return None
        return stdev(self.accuracy) if kind == "deviation" else half_interval(self.accuracy)

    def against(self, other: Cell) -> Cell:
        """By how much it is more accurate than another, seed by seed."""
        theirs = dict(zip(other.seeds, other.accuracy, strict=True))
        pairs = [(seed, ours) for seed, ours in zip(self.seeds, self.accuracy, strict=True) if seed in theirs]
        seeds, accuracy = tuple(seed for seed, _ in pairs), tuple(ours - theirs[seed] for seed, ours in pairs)
        return replace(self, seeds=seeds, accuracy=accuracy)

    @property
    def significant(self) -> bool:
        """Whether the 95 % interval of the mean, that of a difference, does not contain 0."""
        interval = self.spread("interval")
        return self.mean is not None and interval is not None and abs(self.mean) > interval

    @property
    def published(self) -> float | None:
        """The published number, if the column is what it is of."""
        return self.row.published.get(self.column.published or "")


def cells(trials: Iterable[Trial], side: Side = "test") -> list[Cell]:
    """Return what is finished, by row and column in their order; without finished seeds a cell is empty.

    Args:
        trials: Of each row, in each column, with each seed.
        side: Where they are accurate.
    """
    groups: dict[tuple[str, Column], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.row.name, trial.column), []).append(trial)
    return [_cell(group, side) for group in groups.values()]


def _cell(trials: Sequence[Trial], side: Side) -> Cell:
    done = [trial for trial in trials if trial.answer.finished]
    results = [_result(trial.answer) for trial in done]
    return Cell(
        row=trials[0].row,
        column=trials[0].column,
        seeds=tuple(trial.seed for trial in done),
        accuracy=tuple(100 * _top1(result, trials[0].row.method, side) for result in results),
        labelled=mean(map(_labelled, done)) if done else None,
        selected_by=results[0].get("selected_by") if done else None,
        pretraining=_cost([trial.pretrainings for trial in done]),
        learning=_cost([trial.learnings for trial in done]),
    )


def _top1(result: dict[str, Any], method: str | None, side: Side) -> float:
    """Accuracy of a training with labels, or of an evaluation, which is of one side."""
    if "methods" in result:
        return float(result["methods"][method or "classifier"]["top1"])
    return float(result["test"]["top1"] if side == "test" else result["validation_top1"])


def _labelled(trial: Trial) -> int:
    """Return the number of labelled clips that a trial has learnt from."""
    result = _result(trial.learnings[0] if trial.learnings else trial.answer)
    return int(result["train_clips"] if trial.learnings else result["labelled_clips"])


def _cost(seeds: Sequence[Sequence[Run]]) -> Cost | None:
    """Mean over seeds of the cost of some runs, such as those of three streams."""
    if not any(seeds):
        return None
    results = [[_result(run) for run in runs] for runs in seeds]
    rates = [rate for runs in seeds for run in runs if (rate := _rate(run))]
    return Cost(
        minutes=mean(sum(result["seconds"] for result in each) for each in results) / 60,
        clips_per_second=mean(rates) if rates else None,
        parameters=sum(result["parameters"] for result in results[0]),
        encoder_parameters=results[0][0].get("encoder_parameters"),
    )


def _rate(run: Run) -> float | None:
    """Clips that were trained on a second, all in all; of a run without batches there is none."""
    result = _result(run)
    if "steps" not in result:
        return None
    recipe = read_toml(run.folder / "config.toml")
    batch_size = min(recipe["training"]["batch_size"], result["train_clips"])
    return float(result["steps"] * batch_size / max(result["seconds"], 0.1))  # it is rounded to tenths


def _result(run: Run) -> dict[str, Any]:
    result = read_json(run.result, most=MAX_RESULT)
    if not isinstance(result, dict):
        raise InputError(f"{run.result}: expected the result of a run, found {type(result).__name__}")
    return result


def markdown(
    cells: Sequence[Cell],
    *,
    title: str,
    source: str,
    spread: Spread,
    notes: Sequence[str] = (),
    side: Side = "test",
    reference: str | None = None,
) -> str:
    """Return the table: a line for each row; accuracy in percent, published beside ours, then the cost.

    The cost is that of one seed in the first column. In brackets is the difference from the row `reference`.
    Where numbers of parameters are published, those of encoder and decoder stand apart. `notes` come last.
    """
    references = {cell.column: cell for cell in cells if cell.row.name == reference}
    columns = list(dict.fromkeys(cell.column for cell in cells))
    published = {cell.column for cell in cells if cell.published is not None}
    sized = any(cell.row.published_parameters for cell in cells)
    heading = ["row"]
    for column in columns:
        heading += [f"{column.heading}, published"] * (column in published) + [f"{column.heading}, top-1 %"]
    heading += ["parameters, published", "encoder", "decoder"] if sized else ["parameters"]
    heading += ["pre-training, min", "clips/s", "learning, min", "clips/s", "seeds"]
    lines = [_line(heading), "|---|" + "---:|" * (len(heading) - 1)]
    for name in dict.fromkeys(cell.row.name for cell in cells):
        row = [cell for cell in cells if cell.row.name == name]
        line = [f"{name} (ours)" if row[0].row.ours else name]
        for cell in row:
            line += [_number(cell.published)] * (cell.column in published)
            line += [_ours(cell, spread, references.get(cell.column))]
        lines.append(_line([*line, *_parameters(row, sized), *_costs(row)]))
    legend = [
        f"Top-1 accuracy on {SIDES[side]} in percent, "
        + ("mean ± standard deviation" if spread == "deviation" else "mean ± half of the 95 % interval")
        + " over seeds.",
        *_selections(cells),
        *([_DIFFERENCES.format(reference)] if references else []),
        *([f"Published: {source}"] if published or sized else []),
        *notes,
    ]
    return "\n\n".join([f"# {title}", "\n".join(lines), *legend]) + "\n"


def _selections(cells: Sequence[Cell]) -> Iterator[str]:
    """Return what selected the weights of fine-tunings, and of which rows, if not of all."""
    kinds = {cell.row.name: cell.selected_by for cell in cells if cell.selected_by}
    for kind in sorted(set(kinds.values())):
        rows = [name for name, by in kinds.items() if by == kind]
        of = "" if len(rows) == len(kinds) else f" of {'; '.join(rows)}"
        yield f"Weights of fine-tunings{of}: {SELECTIONS[kind]}."


def _ours(cell: Cell, spread: Spread, reference: Cell | None) -> str:
    told = _number(cell.mean) + _width(cell, spread)
    if reference is None or cell.row == reference.row:
        return told
    difference = cell.against(reference)
    if difference.mean is None:
        return told
    bold = "**" if difference.significant else ""
    return f"{told} ({bold}{difference.mean:+.1f}{_width(difference, spread)}{bold})"


def _width(cell: Cell, spread: Spread) -> str:
    width = cell.spread(spread)
    return "" if width is None else f" ± {width:.1f}"


def _parameters(row: Sequence[Cell], sized: bool) -> list[str]:
    """Parameters of the recogniser; if `sized`, the published number, and ours of encoder and decoder."""
    first = _first_done(row)
    if not sized:
        counted = first.learning or first.pretraining
        return [_millions(counted.parameters if counted else None)]
    encoder = decoder = None
    if first.pretraining and first.pretraining.encoder_parameters:
        encoder = first.pretraining.encoder_parameters
        decoder = first.pretraining.parameters - encoder
    return [_millions(number) for number in (first.row.published_parameters, encoder, decoder)]


def _first_done(row: Sequence[Cell]) -> Cell:
    return next((cell for cell in row if cell.learning), row[0])


def _costs(row: Sequence[Cell]) -> Iterator[str]:
    """Costs of pre-training and of learning, and the number of seeds."""
    first = _first_done(row)
    for cost in (first.pretraining, first.learning):
        yield f"{cost.minutes:.1f}" if cost else "-"
        yield f"{cost.clips_per_second:.0f}" if cost and cost.clips_per_second else "-"
    yield " / ".join(str(count) for count in sorted({len(cell.seeds) for cell in row}))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _millions(value: float | None) -> str:
    return "-" if value is None else f"{value / 1e6:.2f} M"


def _line(parts: Sequence[str]) -> str:
    return f"| {' | '.join(parts)} |"
