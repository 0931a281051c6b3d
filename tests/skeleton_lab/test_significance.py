"""Whether two runs differ on the same clips: against enumeration, and through the command line."""

import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skeleton_lab import compare
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.significance import bootstrap_interval, compare_answers, mcnemar
from skeleton_lab.runs.answers import Answers, pooled, read_answers, read_predictions


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3, 3), (0, 4), (1, 6), (9, 2)])
def test_mcnemar_is_the_share_of_all_ways_that_are_as_uneven(first, second):
    total = first + second
    ways = [sum(way) for way in itertools.product((0, 1), repeat=total)]
    as_uneven = sum(abs(2 * heads - total) >= abs(first - second) for heads in ways)
    assert mcnemar(first, second) == pytest.approx(as_uneven / len(ways))


def test_many_clips_do_not_overflow():
    assert 0 < mcnemar(1000, 1400) < 1e-15


def test_a_bootstrap_over_subjects_is_wider_where_their_clips_are_alike():
    difference = np.repeat([0.0, 1.0, 0.0, 1.0], 25)  # all clips of two persons differ, of two others none
    subjects = np.repeat(np.arange(4), 25)
    low, high = bootstrap_interval(difference, subjects)
    assert (low, high) == (0.0, 1.0)
    low, high = bootstrap_interval(difference, np.arange(100))
    assert 0.35 < low < 0.45 < 0.55 < high < 0.65
    assert bootstrap_interval(np.full(8, 0.25), np.arange(8)) == (0.25, 0.25)


def answers(right: list[bool], subject: int = 1) -> Answers:
    label = np.arange(len(right)) % 2
    return Answers(
        clip=np.arange(len(right)) + 10,
        name=tuple(f"c{n}" for n in range(len(right))),
        subject=np.full(len(right), subject),
        label=label,
        answer=np.where(right, label, 1 - label),
        probability=np.full(len(right), 0.5),
        classes=("up", "down"),
    )


def write(folder: Path, saved: Answers) -> Path:
    folder.mkdir()
    saved.write(folder / "answers.csv")
    return folder


def test_answers_come_back_as_they_were(tmp_path):
    saved = answers([True, False, True])
    again = read_answers(write(tmp_path / "run", saved))
    for field in ("clip", "subject", "label", "answer", "probability"):
        assert np.array_equal(getattr(again, field), getattr(saved, field))
    assert (again.name, again.classes) == (saved.name, saved.classes)
    assert saved.confusion.tolist() == [[2, 0], [1, 0]] and saved.by_subject() == {1: (3, 2 / 3)}
    both = pooled([answers([True], subject=4), saved])
    assert both.clip.tolist() == [10, 10, 11, 12] and set(both.subject) == {1, 4}


def test_two_runs_by_clip(tmp_path, monkeypatch, capsys):
    first = write(tmp_path / "first", answers([True] * 6 + [False] * 6))
    second = write(tmp_path / "second", answers([True] * 12))
    monkeypatch.setattr(sys, "argv", ["compare", "--by", "clip", str(first), str(second)])
    compare.main()
    printed = capsys.readouterr().out
    assert f"| {second} | 100.0 | 6 |" in printed and "p = 0.0312" in printed and "+50.0" in printed
    assert compare_answers(answers([True, True]), answers([True, True]), (first, second)).p == 1


@pytest.mark.parametrize("header", ["clip,answer", "name,recognised", "name,answer,more"])
def test_predictions_of_another_method(tmp_path, monkeypatch, capsys, header):
    """The first is right on 2 of 4 clips, the predictions on 3: of clips in any order, by number or name."""
    run = write(tmp_path / "run", answers([True, True, False, False]))
    other, file = answers([True, False, True, True]), tmp_path / "other.csv"
    cells = {"clip": other.clip, "name": other.name, "answer": other.answer, "more": ["x"] * 4}
    cells["recognised"] = [other.classes[answer] for answer in other.answer]
    columns = [cells[column] for column in header.split(",")]
    lines = [",".join(map(str, line)) for line in zip(*columns, strict=True)][::-1]
    file.write_text("\n".join([header, *lines]))
    monkeypatch.setattr(sys, "argv", ["compare", "--by", "clip", str(run), str(file)])
    compare.main()
    printed = capsys.readouterr().out
    assert f"| {run} | 50.0 | 1 |" in printed and f"| {file} | 75.0 | 2 |" in printed
    for damaged in (
        [header, *lines[1:]],
        [header, *lines, lines[0]],
        [header, *lines[1:], lines[0].replace("1", "7").replace("down", "sideways")],
        [header.replace("a", "b"), *lines],
        [header, "", "x"],
        [],
    ):
        file.write_text("\n".join(damaged))
        with pytest.raises(InputError, match=r"other\.csv"):
            read_predictions(file, read_answers(run))


def test_runs_on_other_clips_and_without_answers_are_refused(tmp_path, monkeypatch, capsys):
    first = write(tmp_path / "first", answers([True] * 3))
    second = write(tmp_path / "second", answers([True] * 4))
    (tmp_path / "old").mkdir()
    for runs, printed in (
        ((first, second), "3 and 4 test clips, of which 3"),
        ((first, tmp_path / "old"), "answers.csv"),
        ((first, tmp_path / "none"), "no such folder"),
        ((first,), "two runs"),
    ):
        monkeypatch.setattr(sys, "argv", ["compare", "--by", "clip", *map(str, runs)])
        with pytest.raises(SystemExit) as end:
            compare.main()
        assert end.value.code == 2 and printed in capsys.readouterr().err
    for damaged in ("clip,name\n1,a\n", f"clip,name\n1,{'a' * 200_000}\n"):
        (first / "answers.csv").write_text(damaged)
        with pytest.raises(ValueError, match=r"answers.csv: damaged"):
            read_answers(first)


@pytest.mark.parametrize(
    ("other", "stores", "printed"),
    [
        ({}, "ab", "paired by their names"),
        ({"clip": np.array([7, 3, 5]), "name": ("c2", "c0", "c1")}, "ab", "paired by their names"),
        ({"classes": ("down", "up")}, "ab", "of which 0 are the same"),
        ({"subject": np.full(3, 2)}, "ab", "of which 0 are the same"),
        ({"subject": np.full(3, -1)}, "ab", "paired by their names"),
        ({"name": ("c0", "c0", "c1")}, "ab", "2 clips of"),
        ({"name": ("clip000000", "clip000001", "clip000002")}, "ab", "'clip000000'"),
        ({"name": ("train000000", "c1", "c2")}, "ab", "'train000000'"),
        ({}, "aa", "p = 1."),
        ({"clip": np.array([7, 3, 5]), "name": ("c2", "c0", "c1")}, "aa", "of which 0 are the same"),
    ],
)
def test_clips_of_two_stores_are_paired_by_name(other, stores, printed, tmp_path, monkeypatch, capsys):
    saved = answers([True, False, True])
    changed = {"answer": saved.answer, **other}
    if "clip" in other:  # the same clips in another order
        changed |= {name: getattr(saved, name)[[2, 0, 1]] for name in ("label", "answer")}
    runs = [write(tmp_path / "first", saved), write(tmp_path / "second", replace(saved, **changed))]
    for run, store in zip(runs, stores, strict=True):
        data = [{"store": "data/x", "clips": 3, "sha256": store * 64}]
        # What a training, and what the folds of a study, keep of their data.
        file, content = ("data.json", data) if run is runs[0] else ("result.json", {"data": data})
        (run / file).write_text(json.dumps(content))
    monkeypatch.setattr(sys, "argv", ["compare", "--by", "clip", *map(str, runs)])
    if printed.startswith(("p", "1")):
        compare.main()
        assert printed in (shown := capsys.readouterr().out) and "| 66.7 | 0 |" in shown
    else:
        with pytest.raises(SystemExit) as end:
            compare.main()
        assert end.value.code == 2 and printed in capsys.readouterr().err


@pytest.mark.usefixtures("rendered_curves")
def test_curves_over_seeds(trained, tmp_path, monkeypatch):
    picture = tmp_path / "curves.png"
    monkeypatch.setattr(
        sys, "argv", ["compare", str(trained["joint"]), str(trained["again"]), "--curves", str(picture)]
    )
    compare.main()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert (trained["joint"] / "curves.png").is_file()
