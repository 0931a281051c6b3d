"""The table of a study as CSV, for other programs: a line for each cell, with the accuracy of each seed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from skeleton_lab.studies.cells import Cell


def comma_separated(cells: Sequence[Cell], *, reference: str | None = None) -> str:
    """Return the table as CSV, a line for each cell, with each seed; costs are means over seeds."""
    text = io.StringIO()
    references = {cell.column: cell for cell in cells if cell.row.name == reference}
    records = [_record(cell, references.get(cell.column)) for cell in cells]
    writer = csv.DictWriter(text, records[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def _record(cell: Cell, reference: Cell | None) -> dict[str, Any]:
    column = cell.column
    record = {"row": cell.row.name, "ours": cell.row.ours, "store": column.store, "protocol": column.protocol}
    record |= {"labels": column.labels, "published": cell.published}
    record |= {"mean": _rounded(cell.mean), "deviation": _rounded(cell.spread("deviation"))}
    record |= {"interval": _rounded(cell.spread("interval")), "seeds": " ".join(map(str, cell.seeds))}
    record |= {"top1": " ".join(f"{accuracy:.3f}" for accuracy in cell.accuracy)}
    record |= {"selected_by": cell.selected_by}
    if reference is not None:
        difference = cell.against(reference)
        record |= {"difference": _rounded(difference.mean)}
        record |= {"difference_interval": _rounded(difference.spread("interval"))}
    for name, cost in (("pretraining", cell.pretraining), ("learning", cell.learning)):
        for part in ("minutes", "clips_per_second", "parameters"):
            record[f"{name}_{part}"] = _rounded(getattr(cost, part)) if cost else None
    return record


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
