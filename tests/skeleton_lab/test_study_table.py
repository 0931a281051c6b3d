"""The table and the figure of a study, from cells alone."""

import csv
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from skeleton_lab.studies.cells import Cell, Cost
from skeleton_lab.studies.columns import Column
from skeleton_lab.studies.comma_separated import comma_separated
from skeleton_lab.studies.figure import draw
from skeleton_lab.studies.study import Row
from skeleton_lab.studies.table import markdown


def test_published_numbers_stand_beside_ours_and_the_spread_is_over_seeds():
    column = Column(Path("data/x"), "ntu60-xsub", "5%", "ntu60-xsub 5%", "ntu60-xsub 5%")
    row = Row(name="one", published={"ntu60-xsub 5%": 70.25}, published_parameters=11e6)
    cost = Cost(minutes=2, clips_per_second=3, parameters=9_000_000, encoder_parameters=5_000_000)
    cell = Cell(row, column, (0, 1, 2), (60.0, 62.0, 64.0), 9, cost, cost)
    assert cell.spread("deviation") == 2.0
    assert cell.spread("interval") == pytest.approx(4.303 * 2 / 3**0.5)
    empty = Cell(Row(name="two", ours=True), column, (), (), None, None, None)
    assert empty.mean is empty.spread("deviation") is empty.published is None
    options = {"title": "T", "source": "S", "notes": ["Mind this."], "spread": "deviation"}
    lines = markdown([cell, empty], **options).splitlines()
    assert lines[2].split(" | ")[1:6] == [
        *("ntu60-xsub 5%, published", "ntu60-xsub 5%, top-1 %"),
        *("parameters, published", "encoder", "decoder"),
    ]
    assert lines[4] == "| one | 70.2 | 62.0 ± 2.0 | 11.00 M | 5.00 M | 4.00 M | 2.0 | 3 | 2.0 | 3 | 3 |"
    assert lines[5] == "| two (ours) | - | - | - | - | - | - | - | - | - | 0 |"
    assert lines[-3:] == ["Published: S", "", "Mind this."]
    first, second = csv.DictReader(comma_separated([cell, empty]).splitlines())
    assert (first["mean"], first["deviation"], first["top1"]) == ("62.0", "2.0", "60.000 62.000 64.000")
    assert second["mean"] == second["published"] == ""


def test_a_row_that_learnt_from_test_clips_without_labels_is_marked():
    column = Column(Path("data/x"), "odd-subjects", "5%", "odd-subjects 5%", None)
    rows = {"one": True, "two": False}
    found = [
        Cell(Row(name=name), column, (0,), (60.0,), 9, None, None, transductive=saw)
        for name, saw in rows.items()
    ]
    lines = markdown(found, title="T", source="", spread="deviation").splitlines()
    assert ["transductive" in line for line in lines[4:6]] == [True, False]


def test_differences_are_those_of_the_same_seeds():
    column = Column(Path("data/x"), "odd-subjects", "5%", "odd-subjects 5%", None)
    base = Cell(Row(name="base"), column, (0, 1, 2), (60.0, 40.0, 50.0), 9, None, None)
    other = Cell(Row(name="other"), column, (2, 0), (54.0, 62.0), 9, None, None)
    missing = Cell(Row(name="missing"), column, (), (), None, None, None)
    assert other.against(base).accuracy == (4.0, 2.0)
    found = [base, other, missing]
    lines = markdown(found, title="T", source="", spread="deviation", reference="base").splitlines()
    shown = [line.split(" | ")[1] for line in lines[4:7]]
    assert shown == ["50.0 ± 10.0", "58.0 ± 5.7 (+3.0 ± 1.4)", "-"]
    assert "difference from the row base" in lines[-1]
    records = list(csv.DictReader(comma_separated(found, reference="base").splitlines()))
    assert [record["difference"] for record in records] == ["0.0", "3.0", ""]
    assert float(records[1]["difference_interval"]) == pytest.approx(12.706)  # the deviation is sqrt(2)


def test_a_difference_is_bold_where_its_interval_leaves_out_zero():
    column = Column(Path("data/x"), "odd-subjects", "5%", "odd-subjects 5%", None)
    rows = {"base": (50.0, 51.0, 52.0), "more": (60.0, 61.5, 62.0), "as much": (52.0, 50.0, 52.0)}
    found = [Cell(Row(name=name), column, (0, 1, 2), top1, 9, None, None) for name, top1 in rows.items()]
    lines = markdown(found, title="T", source="", spread="interval", reference="base").splitlines()
    shown = [line.split(" | ")[1] for line in lines[4:7]]
    assert shown == ["51.0 ± 2.5", "61.2 ± 2.6 (**+10.2 ± 0.7**)", "51.3 ± 2.9 (+0.3 ± 3.8)"]
    alone = [Cell(Row(name=name), column, (0,), top1[:1], 9, None, None) for name, top1 in rows.items()]
    assert "**" not in markdown(alone, title="T", source="", spread="interval", reference="base")


def drawn_figures(monkeypatch):
    """A list that receives figures in place of files."""
    pictures = []

    def keep(figure, path, **_):
        path.touch()
        pictures.append(figure)

    monkeypatch.setattr(Figure, "savefig", keep)
    return pictures


def test_a_figure_of_many_rows_has_six_lines(tmp_path, monkeypatch):
    pictures = drawn_figures(monkeypatch)
    places = [Column(Path("data/x"), "odd-subjects", labels, labels, None) for labels in ("1%", "5%", "9%")]
    found = [
        Cell(Row(name=f"row {row}"), place, (0,), (50.0 + row,), 10 * (number + 1), None, None)
        for row in range(8)
        for number, place in enumerate(places[: 1 if row == 2 else 3])
    ]
    draw(found, tmp_path / "chosen.png", title="T", spread="interval")
    draw(found, tmp_path / "asked.png", title="T", spread="interval", rows=["row 7", "row 2", "not run"])
    chosen, asked = ([text.get_text() for text in figure.axes[0].texts] for figure in pictures)
    assert chosen == [f"row {row}" for row in (0, 1, 3, 4, 5, 6)]
    assert sorted(asked) == ["row 2", "row 7"]


def test_the_table_says_what_selected_the_weights():
    column = Column(Path("data/x"), "odd-subjects", "5%", "odd-subjects 5%", None)
    by = {"fair": "validation", "blind": "last", "published": "test"}
    found = [Cell(Row(name=name), column, (0,), (60.0,), 9, None, None, kind) for name, kind in by.items()]
    options = {"title": "T", "source": "", "spread": "deviation"}
    lines = [line for line in markdown(found, **options).splitlines() if line.startswith("Weights of")]
    assert [line.split(": ")[0] for line in lines] == [
        f"Weights of fine-tunings of {name}" for name in ("blind", "published", "fair")
    ]
    assert "test side" in lines[1]
    assert "Weights of fine-tunings: the last" in markdown(found[1:2], **options)
    records = csv.DictReader(comma_separated(found).splitlines())
    assert [record["selected_by"] for record in records] == list(by.values())


def test_many_numbers_of_labels_are_a_line_for_each_row(tmp_path, monkeypatch):
    pictures = drawn_figures(monkeypatch)
    names = ("100%", "2/class", "10%")
    places = [Column(Path("data/x"), "odd-subjects", labels, labels, None) for labels in names]
    found = [
        Cell(Row(name=name), place, (0, 1), (low + extra, low + extra + 2), labelled, None, None)
        for name, extra in (("one", 0.0), ("two", 5.0))
        for place, low, labelled in zip(places, (80.0, 40.0, 60.0), (431, 54, 43), strict=True)
    ]
    draw(found, tmp_path / "lines.png", title="T", spread="interval")
    draw(found[:2], tmp_path / "panels.png", title="T", spread="interval")
    lines, panels = pictures
    (panel,) = lines.axes
    drawn = [line.get_xydata().tolist() for line in panel.lines]
    assert drawn == [[[43, 61], [54, 41], [431, 81]], [[43, 66], [54, 46], [431, 86]]]
    assert [tick.get_text() for tick in panel.get_xticklabels()] == ["43", "54", "431"]
    assert [text.get_text() for text in panel.texts] == ["one", "two"]  # at the ends of their lines
    assert [panel.get_title() for panel in panels.axes] == ["100%", "2/class"]
