"""The table and the figure of a study, from cells alone."""

import csv
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from skeleton_lab.studies.columns import Column
from skeleton_lab.studies.figure import draw
from skeleton_lab.studies.study import Row
from skeleton_lab.studies.table import Cell, Cost, comma_separated, markdown


def test_published_numbers_stand_beside_ours_and_the_spread_is_over_seeds():
    column = Column(Path("data/x"), "ntu60-xsub", "5%", "ntu60-xsub 5%", "ntu60-xsub 5%")
    row = Row(name="one", published={"ntu60-xsub 5%": 70.25}, published_parameters=11e6)
    cost = Cost(minutes=2, clips_per_second=3, parameters=9_000_000, encoder_parameters=5_000_000)
    cell = Cell(row, column, (0, 1, 2), (60.0, 62.0, 64.0), 9, cost, cost)
    assert cell.spread("deviation") == 2.0
    assert cell.spread("interval") == pytest.approx(4.303 * 2 / 3**0.5)
    empty = Cell(Row(name="two", ours=True), column, (), (), None, None, None)
    assert empty.mean is empty.spread("deviation") is empty.published is None
    told = {"title": "T", "source": "S", "notes": ["Mind this."], "spread": "deviation"}
    lines = markdown([cell, empty], **told).splitlines()
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


def test_differences_are_those_of_the_same_seeds():
    column = Column(Path("data/x"), "odd-subjects", "5%", "odd-subjects 5%", None)
    base = Cell(Row(name="base"), column, (0, 1, 2), (60.0, 40.0, 50.0), 9, None, None)
    other = Cell(Row(name="other"), column, (2, 0), (54.0, 62.0), 9, None, None)
    missing = Cell(Row(name="missing"), column, (), (), None, None, None)
    assert other.against(base).accuracy == (4.0, 2.0)
    found = [base, other, missing]
    lines = markdown(found, title="T", source="", spread="deviation", reference="base").splitlines()
    told = [line.split(" | ")[1] for line in lines[4:7]]
    assert told == ["50.0 ± 10.0", "58.0 ± 5.7 (+3.0 ± 1.4)", "-"]
    assert "difference from the row base" in lines[-1]
    records = list(csv.DictReader(comma_separated(found, reference="base").splitlines()))
    assert [record["difference"] for record in records] == ["0.0", "3.0", ""]
    assert float(records[1]["difference_interval"]) == pytest.approx(12.706)  # the deviation is sqrt(2)


def test_the_table_says_what_selected_the_weights():
    column = Column(Path("data/x"), "odd-subjects", "5%", "odd-subjects 5%", None)
    by = {"fair": "validation", "blind": "last", "published": "test"}
    found = [Cell(Row(name=name), column, (0,), (60.0,), 9, None, None, kind) for name, kind in by.items()]
    told = {"title": "T", "source": "", "spread": "deviation"}
    lines = [line for line in markdown(found, **told).splitlines() if line.startswith("Weights of")]
    assert [line.split(": ")[0] for line in lines] == [
        f"Weights of fine-tunings of {name}" for name in ("blind", "published", "fair")
    ]
    assert "test side" in lines[1]
    assert "Weights of fine-tunings: the last" in markdown(found[1:2], **told)
    records = csv.DictReader(comma_separated(found).splitlines())
    assert [record["selected_by"] for record in records] == list(by.values())


def test_many_numbers_of_labels_are_a_line_for_each_row(tmp_path, monkeypatch):
    pictures = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **_: pictures.append(figure))
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
    drawn = [bars.lines[0].get_xydata().tolist() for bars in panel.containers]
    assert drawn == [[[43, 61], [54, 41], [431, 81]], [[43, 66], [54, 46], [431, 86]]]
    assert [tick.get_text() for tick in panel.get_xticklabels()] == ["43", "54", "431"]
    assert [panel.get_title() for panel in panels.axes] == ["100%", "2/class"]
