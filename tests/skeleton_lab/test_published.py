"""The studies of the paper: all of its rows with all of its numbers, and the tables that print them."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from skeleton_data import StoreWriter
from skeleton_data.layouts.layout import layout
from skeleton_lab import finetune, reproduce
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.recipe.settings import merged
from skeleton_lab.studies.study import Study
from sttformer import STTFormerConfig

REPO = Path(__file__).parents[2]
STUDIES = ("table1", "table2", "table3", "table4", "table5", "figure4")
PROTOCOLS = ("ntu60-xsub", "ntu60-xview", "ntu120-xsub", "ntu120-xset")


@pytest.fixture(autouse=True)
def in_repository(monkeypatch):
    """Recipes, presets and sizes are named as from there."""
    monkeypatch.chdir(REPO)


def read(name, *options):
    data = () if "--data" in options else ("--data", "nowhere")
    return read_recipe(Study, [name, *data, *options], program="test", folder="studies")


@pytest.fixture(scope="session")
def published(shared):
    """For each study what the paper prints: for each row its accuracy by protocol and labels."""
    paper = tomllib.loads((shared / "paper" / "published.toml").read_text())
    one, alone = paper["table1"], "ntu60-xsub 100%"
    masks = {f"{kind} {f} {j}": {alone: a} for kind in ("random", "fixed") for f, j, a in one[kind]}
    masks |= {f"joints only {j}": {alone: a} for _, j, a in one["only_joint"]}
    masks |= {f"frames only {f}": {alone: a} for f, _, a in one["only_frame"]}
    few = {}
    for labels, rows in paper["table5"].items():
        for method, numbers in rows.items():
            few.setdefault(f"{method} / STTFormer", {}).update(_by_protocol(numbers, labels))
    return {
        "table1": masks,
        "table2": {f"width {width}": {alone: a} for width, a, _ in paper["table2"]["rows"]},
        "table3": {f"{blocks} blocks": {alone: a} for blocks, a in paper["table3"]["rows"]},
        "figure4": {f"{epochs} epochs": {alone: a} for epochs, a in paper["figure4"].items()},
        "table4": {row: _by_protocol(numbers, "100%") for row, numbers in paper["table4"].items()},
        "table5": few,
        "parameters": {f"width {width}": 1e6 * number for width, _, number in paper["table2"]["rows"]},
    }


def _by_protocol(numbers, labels):
    return {f"{protocol} {labels}": number for protocol, number in zip(PROTOCOLS, numbers, strict=True)}


@pytest.mark.parametrize("name", STUDIES)
def test_rows_have_the_numbers_of_the_paper(name, published):
    ours = {row.name: dict(row.published) for row in read(name).rows if row.published}
    ours.pop(
        "MAMP / transformer of 120 frames (number of its authors)", None
    )  # its authors', not the paper's
    if name == "figure4":  # the paper's lengths, in both readings of its milestones
        assert ours.pop("150 epochs / milestones moved") == ours["150 epochs"]
    assert ours == published[name]


def test_parameters_are_those_of_the_paper(published):
    assert {row.name: row.published_parameters for row in read("table2").rows} == published["parameters"]


@pytest.mark.parametrize("name", STUDIES)
def test_a_row_is_either_published_or_ours(name):
    unread = {"50 epochs", "100 epochs", "50 epochs / milestones moved", "100 epochs / milestones moved"}
    for row in read(name).rows:
        assert row.ours != bool(row.published) or (name == "figure4" and row.name in unread), row.name


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_is_of_the_papers_protocols_and_warns_of_single_runs(name):
    study = read(name)
    assert study.protocols == (PROTOCOLS if name in {"table4", "table5"} else PROTOCOLS[:1])
    assert any("no seeds" in note and "no row from scratch" in note for note in study.notes)


@pytest.fixture(scope="module")
def ntu(tmp_path_factory):
    """Stores of 60 and 120 classes with a performer on each side of every protocol, and room for the runs."""
    folder, rng = tmp_path_factory.mktemp("ntu"), np.random.default_rng(0)
    for classes in (60, 120):
        names = [f"A{number:03}" for number in range(1, classes + 1)]
        with StoreWriter(folder / f"ntu{classes}", layout=layout("ntu"), class_names=names, fps=30) as writer:
            for label in range(classes):
                for subject, camera, setup in ((1, 2, 2), (2, 3, 4), (3, 1, 1)):
                    joints = rng.normal(size=(24, 1, 25, 3))
                    columns = {"subject": subject, "camera": camera, "setup": setup}
                    writer.add(joints, name=f"{subject}-{label}", label=label, **columns)
    return folder


ROWS = {
    "table1": "random 0.5 0.5",
    "table2": "width 128",
    "table3": "5 blocks",
    "table4": "SkeletonMAE / STTFormer",
    "table5": "SkeletonMAE / STTFormer",
    "figure4": "150 epochs",
}


def without_workers(study):
    """The same with clips that are read in the process that trains."""
    rows = [
        row.model_copy(
            update={
                stage: merged(getattr(row, stage), {"run": {"workers": 0, "tracker": "none"}})
                for stage in ("pretrain_settings", "learn_settings")
            }
        )
        for row in study.rows
    ]
    return study.model_copy(update={"rows": tuple(rows)})


@pytest.mark.parametrize("name", STUDIES)
def test_a_table_has_all_rows_with_the_papers_numbers_beside_ours(name, ntu, capsys):
    budget = ("--model", "toy", "--epochs", "1", "--steps", "1", "--processes", "1")
    data = f"{ntu / 'ntu60'},{ntu / 'ntu120'}" if name in {"table4", "table5"} else str(ntu / "ntu60")
    options = ("--data", data, "--folder", str(ntu / "runs"), "--row", ROWS[name], *budget)
    study = without_workers(read(name, *options))
    assert reproduce.run(study) == {}
    table = capsys.readouterr().out
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    headings, rows = lines[0], {line[0]: line for line in lines[1:]}
    assert list(rows) == [f"{row.name} (ours)" if row.ours else row.name for row in study.rows]
    for row in study.rows:
        line = rows[f"{row.name} (ours)" if row.ours else row.name]
        for column in (f"{protocol} {labels}" for protocol in study.protocols for labels in study.labels):
            position = next(
                i for i, heading in enumerate(headings) if heading.endswith(f"{column}, published")
            )
            number = row.published.get(column)
            assert line[position] == ("-" if number is None else f"{number:.1f}")
            if row.name == ROWS[name]:
                assert 0 <= float(line[position + 1]) <= 100
    assert all(note in table for note in (*study.notes, study.source))


def test_sttformer_as_published_takes_two_steps(ntu, capsys):
    recipe = "configs/finetune/sttformer-ntu60-xsub.toml"
    published = read_recipe(finetune.FinetuneConfig, [recipe], program="test")
    assert published.model == STTFormerConfig()
    warm, first, before, after, last = (
        published.schedule.factor(step, 9000, steps_per_epoch=100) for step in (0, 500, 5999, 6000, 8999)
    )
    assert (first, before, after, last) == (1.0, 1.0, 0.1, 0.01)
    assert 0 < warm < 0.01
    toy = ("--model.width", "8", "--model.blocks", "[[8, 2], [16, 4]]", "--training.steps", "2")
    place = ("--data.store", str(ntu / "ntu60"), "--run.folder", str(ntu / "sttformer"), "--run.workers", "0")
    options = [recipe, *toy, *place, "--run.tracker", "none"]
    dry = read_recipe(finetune.FinetuneConfig, [*options, "--run.dry_run"], program="test")
    assert finetune.run(dry, bar={"disable": True}) is None
    assert "steps:       2 of 64 clips" in capsys.readouterr().out
    result = finetune.run(
        read_recipe(finetune.FinetuneConfig, options, program="test"), bar={"disable": True}
    )
    assert (result.steps, result.selected_by, result.train_clips) == (2, "last", 120)
