"""The table of a study: accuracy of what is finished, the published numbers beside it, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from skeleton_lab.evaluation.data import HeldOutSide
from skeleton_lab.runs.results import SELECTIONS
from skeleton_lab.studies.cells import Cell, Spread

SIDES = {"test": "the test side", "validation": "clips held out from the training side, at its best,"}


_DIFFERENCES = (
    "In brackets: difference from the row {}, paired by seed; bold where its 95 % interval leaves out 0."
)


def markdown(
    cells: Sequence[Cell],
    *,
    title: str,
    source: str,
    spread: Spread,
    notes: Sequence[str] = (),
    side: HeldOutSide = "test",
    reference: str | None = None,
    transductive: bool = False,
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
        transduced = any(cell.transductive for cell in row)
        line = [name + " (ours)" * row[0].row.ours + " (transductive)" * transduced]
        for cell in row:
            line += [_number(cell.published)] * (cell.column in published)
            line += [_ours(cell, spread, references.get(cell.column))]
        lines.append(_line([*line, *_parameters(row, sized), *_costs(row)]))
    legend = [
        f"Top-1 accuracy on {SIDES[side]} in percent, "
        + ("mean ± standard deviation" if spread == "deviation" else "mean ± half of the 95 % interval")
        + " over seeds.",
        *_folds(cells, transductive),
        *_selections(cells),
        *([_DIFFERENCES.format(reference)] if references else []),
        *([f"Published: {source}"] if published or sized else []),
        *notes,
    ]
    return "\n\n".join([f"# {title}", "\n".join(lines), *legend]) + "\n"


def _folds(cells: Sequence[Cell], transductive: bool) -> Iterator[str]:
    """Return what is to be known of columns with folds."""
    if any(cell.column.folds for cell in cells):
        seen = "on all clips without labels, those of the test side too (transductive)"
        pretraining = seen if transductive else "without the test clips of each fold"
        yield (
            "Of a protocol with folds, a seed has the accuracy over the test clips of all folds, and the "
            f"time of all folds. Pre-training: {pretraining}."
        )


def _selections(cells: Sequence[Cell]) -> Iterator[str]:
    """Return what selected the weights of fine-tunings, and of which rows, if not of all."""
    kinds = {cell.row.name: cell.selected_by for cell in cells if cell.selected_by}
    for kind in sorted(set(kinds.values())):
        rows = [name for name, by in kinds.items() if by == kind]
        of = "" if len(rows) == len(kinds) else f" of {'; '.join(rows)}"
        yield f"Weights of fine-tunings{of}: {SELECTIONS[kind]}."


def _ours(cell: Cell, spread: Spread, reference: Cell | None) -> str:
    accuracy = _number(cell.mean) + _width(cell, spread)
    if reference is None or cell.row == reference.row:
        return accuracy
    difference = cell.against(reference)
    if difference.mean is None:
        return accuracy
    bold = "**" if difference.significant else ""
    return f"{accuracy} ({bold}{difference.mean:+.1f}{_width(difference, spread)}{bold})"


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
