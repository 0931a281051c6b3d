"""A study from its file to its table: what is run, shared, skipped, tried again, and told."""

import csv
import json
import shlex
import sys
from importlib import import_module

import pytest
from toy_study import STUDY

from skeleton_data import SkeletonStore
from skeleton_data.splits.divide import divide
from skeleton_data.splits.split_file import save_split
from skeleton_lab import cli, reproduce
from skeleton_lab.errors import InputError, NotFiniteError
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.studies.apps import APPS
from skeleton_lab.studies.columns import columns
from skeleton_lab.studies.plan import distinct, plan
from skeleton_lab.studies.runs import how_many
from skeleton_lab.studies.study import Study

pytestmark = pytest.mark.usefixtures("in_repository")


@pytest.fixture
def performed(monkeypatch):
    """The runs that are done, in order."""
    runs, perform = [], reproduce.perform

    def noting(run):
        runs.append(run)
        return perform(run)

    monkeypatch.setattr(reproduce, "perform", noting)
    return runs


def records(folder):
    lines = (folder / "little.csv").read_text().splitlines()
    return {row["row"]: row for row in csv.DictReader(lines)}


def test_a_study_from_its_file_to_its_table(study, performed, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "runs"
    assert reproduce.run(study("--row", "scratch")) == {}
    assert [run.app for run in performed] == ["finetune"]
    assert {name: row["top1"] != "" for name, row in records(folder).items()} == {"scratch": True}

    assert reproduce.run(study()) == {}
    assert sorted(run.app for run in performed) == sorted(
        # tuned and the two that look at its encoder share a pre-training, and those two an evaluation;
        # joints of the fused ones are those of the row from scratch
        ["finetune", "pretrain", "finetune", "evaluate", "simple", "finetune", "evaluate"]
    )
    assert all(run.finished for run in performed)
    found = records(folder)
    for row in found.values():
        assert 0 < float(row["mean"]) <= 100
        assert row["seeds"] == "0"
    assert float(found["tuned"]["pretraining_clips_per_second"]) > 0
    assert found["scratch"]["pretraining_minutes"] == found["probed"]["learning_minutes"] == ""
    assert (folder / "little.png").read_bytes().startswith(b"\x89PNG")
    table = (folder / "little.md").read_text()
    assert table in capsys.readouterr().out
    assert [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| ")] == [
        f"| {name}" for name in ("row", "scratch", "tuned", "probed", "near", "MLP", "fused")
    ]

    before = len(performed)
    assert reproduce.run(study()) == {}
    assert len(performed) == before  # all is finished
    gone = next(run for run in performed if run.app == "simple")
    gone.result.unlink()
    assert reproduce.run(study()) == {}
    assert performed[before:] == [gone]
    assert (folder / "little.md").read_text().split("learning")[0] == table.split("learning")[0]


def test_a_run_that_fails_leaves_the_others(study, performed, tmp_path, capsys, monkeypatch):
    def failing(run):
        if run.app == "pretrain":
            raise NotFiniteError("the loss is nan at step 3")
        performed.append(run)
        run.folder.mkdir(parents=True)
        run.result.write_text('{"test": {"top1": 0.5}, "seconds": 6, "parameters": 7, "train_clips": 8}')

    monkeypatch.setattr(reproduce, "perform", failing)
    chosen = ["--row", "scratch", "--row", "tuned", "--row", "near", "--row", "MLP"]
    options = [
        "--data",
        str(study().data[0]),
        "--folder",
        str(tmp_path / "runs"),
        "--processes",
        "1",
        *chosen,
    ]
    monkeypatch.setattr(sys, "argv", ["reproduce.py", str(tmp_path / "little.toml"), *options])
    with pytest.raises(SystemExit, match="1"):
        reproduce.main()
    assert [run.app for run in performed] == ["finetune", "simple"]
    printed = capsys.readouterr().err
    place = printed[printed.index("error: the loss is nan at step 3\n") :].splitlines()[1]
    assert "/runs/" in place and "skeleton-lab pretrain configs/pretrain/default.toml" in place
    assert "reproduce: error: 3 runs failed" in printed
    assert {name for name, row in records(tmp_path / "runs").items() if row["top1"]} == {"scratch", "MLP"}


def test_a_dry_run_prints_what_would_be_run_and_writes_nothing(study, performed, tmp_path, capsys):
    chosen = study("--row", "tuned", "--dry_run")
    assert reproduce.run(chosen) == {}
    lines = capsys.readouterr().out.splitlines()
    runs = distinct(trial for trial in plan(chosen) if trial.row.name == "tuned")
    assert [shlex.split(line) for line in lines] == [
        ["skeleton-lab", run.app, *run.arguments] for run in runs
    ]
    assert [run.app for run in runs] == ["pretrain", "finetune"]
    assert runs[1].needs == (runs[0],)
    assert reproduce.recipe_of(runs[1]).pretrained == str(runs[0].folder)
    assert not performed
    assert not (tmp_path / "runs").exists()


def test_seeds_have_labels_and_weights_of_their_own_and_labels_share_the_pretraining(study):
    trials = [
        trial for trial in plan(study("--seeds", "2", "--labels", "50%,2/class")) if trial.row.name == "tuned"
    ]
    assert len({trial.answer for trial in trials}) == 4
    assert len({trial.pretrainings for trial in trials}) == 2
    for trial in trials:
        recipe = reproduce.recipe_of(trial.answer)
        assert recipe.training.seed == recipe.data.label_seed == trial.seed
        assert reproduce.recipe_of(trial.pretrainings[0]).training.seed == trial.seed
    assert recipe.data.labels_per_class == 2


def test_recipes_are_chosen_by_other_held_out_subjects_with_each_seed(study, store, tmp_path):
    by = ("--side", "validation", "--seeds", "2")
    chosen = study(*by, "--row", "scratch", "--row", "near", "--row", "MLP", "--row", "fused")
    assert reproduce.run(chosen) == {}
    for trial in plan(chosen):
        recipe = reproduce.recipe_of(trial.answer)
        if recipe.data.split_seed is not None:
            assert recipe.data.split_seed == trial.seed
    found = records(tmp_path / "runs")
    assert found["scratch"]["seeds"] == found["near"]["seeds"] == found["MLP"]["seeds"] == "0 1"
    results = [json.loads(trial.answer.result.read_text()) for trial in plan(chosen) if trial.answer.finished]
    accuracies = [float(each) for row in ("scratch", "MLP") for each in found[row]["top1"].split()]
    assert accuracies == [round(100 * result["validation_top1"], 3) for result in results if "test" in result]
    assert {result["side"] for result in results if "methods" in result} == {"validation"}
    assert "on clips held out from the training side" in (tmp_path / "runs" / "little.md").read_text()

    path = tmp_path / "little.toml"
    path.write_text(STUDY.replace("[every]", "[every]\nlearn_settings.data.validation = 0.0"))
    again = read_recipe(Study, [str(path), *by, "--data", str(store)], program="reproduce")
    with pytest.raises(InputError, match="side is validation, but data"):
        reproduce.run(again)
    clips = SkeletonStore.open(store)
    file = tmp_path / "held-out.json"  # its validation clips are held out all the same
    save_split(file, divide(clips, "odd-subjects", validation=0.3), clips.index)
    arguments = [str(path), *by, "--data", str(store), "--split", str(file), "--row", "scratch", "--dry_run"]
    assert reproduce.run(read_recipe(Study, arguments, program="reproduce")) == {}


def test_mistakes_are_told_before_anything_runs(study, other_store, performed, tmp_path, store):
    path = tmp_path / "little.toml"
    cases = {
        ("--data", "nowhere"): "nowhere: no such folder",
        ("--row", "tuned,lost"): "row: there is no 'lost' among 'scratch', 'tuned'",
        ("--preset", "old"): "old: no such recipe in presets",
        ("--model", "huge"): "huge: no such recipe in sizes",
        ("--labels", "ten"): "labels.0: .*'ten'",
        ("--labels", "99/class"): "row 'scratch': data.labels_per_class: .* has 12 training clips",
        (
            "--protocols",
            "ntu60-xsub",
        ): "protocols: none of ntu60-xsub is for .*tiny.store .layout kinect_v1, 3",
        ("--unlabelled", str(other_store)): "row 'tuned': data.sources: .*tiny.store has layout kinect_v1",
        ("--seeds", "0"): "seeds: expected at least 1, found '0'",
    }
    for options, line in cases.items():
        with pytest.raises(InputError, match=line):
            reproduce.run(study(*options))
    changes = {
        ('name = "little"', 'name = "little"\nreference = "lost"'): "reference: no row is named 'lost'",
        ('name = "MLP"', 'name = "near"'): "rows: two are named 'near'",
        ('name = "MLP"', 'name = "a, b"'): "rows.4.name: .*'a, b'",
        (
            'learn = "simple"',
            'learn = "guess"',
        ): "rows: 'MLP' needs stage 'guess', but preset adamw_cosine has aimclr",
        ('pretrain = "mamp"\nlearn', "learn"): "rows: 'probed' has nothing to evaluate",
        ("weights = [0.6, 0.4]", 'sampling.stream = "bone"'): "rows.5: streams and sampling.stream both name",
        ('learn = "simple"', 'lern = "simple"'): "rows.4.lern: unknown field",
        (
            'learn = "simple"',
            "learn_settings.training.epoch = 3",
        ): "row 'MLP': unrecognized arguments: .*epoch 3",
        (
            'learn = "simple"',
            'clips = "unlabelled"\npretrain = "mae"',
        ): "row 'MLP' needs a store to pre-train on",
    }
    for (old, new), line in changes.items():
        path.write_text(STUDY.replace(old, new, 1))
        text = path.read_text()
        assert text != STUDY
        with pytest.raises(InputError, match=line):
            reproduce.run(read_recipe(Study, [str(path), "--data", str(store)], program="reproduce"))
    assert not performed
    assert not (tmp_path / "runs").exists()


def test_each_app_of_the_table_is_a_command_with_its_config_and_run():
    for name, app in APPS.items():
        module = import_module(f"skeleton_lab.{name}")
        assert name in cli.SUBCOMMANDS and callable(module.run)
        field = getattr(module, app.config).model_fields
        assert ("run" in field) == app.trains
        assert (app.starts_from or "run") in field or not app.trains


def test_several_processes_are_either_accelerates_or_ours(study, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert how_many(study().processes, field="processes") == 1
    with pytest.raises(InputError, match="processes is 3, but accelerate launched 2"):
        how_many(study("--processes", "3").processes, field="processes")


def test_protocols_of_ntu_go_with_the_stores_they_fit(tmp_path, store):
    import numpy as np

    from skeleton_data import StoreWriter
    from skeleton_data.layouts.layout import layout

    for classes in (60, 120):
        names = [f"A{number}" for number in range(classes)]
        with StoreWriter(tmp_path / str(classes), layout=layout("ntu"), class_names=names, fps=30) as writer:
            writer.add(np.ones((30, 1, 25, 3)), name="clip", label=0, subject=1)
    protocols = ("ntu60-xsub", "ntu60-xview", "ntu120-xset", "odd-subjects")
    found = columns([tmp_path / "60", tmp_path / "120"], protocols, ["5%"])
    assert [(column.store.name, column.protocol) for column in found] == [
        *(("60", "ntu60-xsub"), ("60", "ntu60-xview"), ("60", "odd-subjects")),
        *(("120", "ntu120-xset"), ("120", "odd-subjects")),
    ]
    assert found[0].heading == "60 ntu60-xsub 5%"
    assert found[0].published == "ntu60-xsub 5%"
    assert columns([store], protocols, ["5%"])[0].published is None  # its numbers are of other classes
