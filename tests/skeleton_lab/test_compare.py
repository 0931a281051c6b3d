"""Tables of fine-tunings: what is averaged, how it went, and which runs are refused."""

import json
import sys

import pytest

from skeleton_lab import compare


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["compare", *map(str, arguments)])
    compare.main()


def a_result(folder, top1, *, pretrained, clips, seed=0, lr=0.1):
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(f"training.seed = {seed}\noptimizer.lr = {lr}\n")
    result = {
        "folder": str(folder),
        "pretrained": "runs/pretrained" if pretrained else None,
        "test": {"clips": 10, "top1": top1, "top5": 1.0, "per_class": {"a": top1}},
        "validation_top1": 0.5,
        "selected_step": 5,
        "selected_by": "validation",
        "steps": 10,
        "train_clips": clips,
        "validation_clips": 3,
        "parameters": 7,
        "seconds": 1.0,
        "num_processes": 1,
        "precision": "no",
        "checksums": ["0"],
    }
    (folder / "result.json").write_text(json.dumps(result))
    return folder


def test_compare_shows_mean_and_spread_over_seeds(tmp_path, monkeypatch, capsys):
    runs = [
        a_result(tmp_path / f"{start}{seed}", top1, pretrained=start == "pretrained", clips=5, seed=seed)
        for start, accuracies in {"scratch": (0.5, 0.6, 0.7), "pretrained": (0.7, 0.8, 0.9)}.items()
        for seed, top1 in enumerate(accuracies)
    ]
    runs.append(a_result(tmp_path / "alone", 0.9, pretrained=False, clips=50))
    # Runs of earlier versions do not say what data, precision and selection of weights they had.
    (runs[0] / "data.json").write_text('[{"store": "data/x", "clips": 9, "sha256": "0"}]')
    earlier = json.loads((runs[1] / "result.json").read_text())
    del earlier["selected_by"], earlier["precision"]
    (runs[1] / "result.json").write_text(json.dumps(earlier))
    run(monkeypatch, *runs)
    few, all_labels = capsys.readouterr().out.splitlines()[2:4]
    assert few == "| 5 | 60.0 ± 10.0 | 80.0 ± 10.0 | +20.0 | 3 |"
    assert [cell.strip() for cell in all_labels.split("|")[1:5]] == ["50", "90.0", "-", "-"]


def test_compare_names_the_run_that_is_not_finished(tmp_path, monkeypatch, capsys):
    (tmp_path / "begun").mkdir()
    with pytest.raises(SystemExit) as left:
        run(monkeypatch, tmp_path / "begun")
    assert left.value.code == 2
    assert f"compare: error: {tmp_path / 'begun'} " in capsys.readouterr().err


@pytest.mark.parametrize("options", [(), ("--by", "clip"), ("--by", "step")])
def test_compare_refuses_a_run_that_is_given_twice(tmp_path, monkeypatch, capsys, options):
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to("run")
    with pytest.raises(SystemExit) as left:
        run(monkeypatch, *options, tmp_path / "run", tmp_path / "link")
    assert left.value.code == 2
    assert str(tmp_path / "link") in capsys.readouterr().err


def test_compare_by_step_shows_how_accuracy_on_held_out_clips_went(tmp_path, monkeypatch, capsys):
    histories = {"scratch0": {2: 0.2, 4: 0.6}, "scratch1": {2: 0.4, 4: 0.2}, "pretrained0": {2: 0.5, 8: 1.0}}
    for name, history in histories.items():
        a_result(tmp_path / name, 0.9, pretrained=name.startswith("pretrained"), clips=5)
        lines = [{"step": step, "split": "validation", "top1": top1} for step, top1 in history.items()]
        rows = [{"step": 1, "split": "train", "loss": 3.0}, *lines, {"step": 8, "split": "test", "top1": 0.9}]
        (tmp_path / name / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(monkeypatch, "--by", "step", *sorted(tmp_path.iterdir()))
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| 2 | 30.0 ± 14.1 | 50.0 | +20.0 | 1 / 2 |",
        "| 4 | 40.0 ± 28.3 | - | - | 0 / 2 |",
        "| 8 | - | 100.0 | - | 0 / 1 |",
    ]


@pytest.mark.parametrize(
    ("metrics", "complaint"),
    [
        ('{"step": 8, "split": "test", "top1": 0.9}', "no clips were held out"),
        ('{"step": 8, "split"', "metrics.jsonl: not the metrics"),
        ('{"step": 8, "split": "validation", "loss": 1.0}', "metrics.jsonl: not the metrics"),
        (None, "metrics.jsonl: no such file"),
    ],
)
def test_compare_by_step_names_the_run_that_does_not_tell(tmp_path, monkeypatch, capsys, metrics, complaint):
    folder = a_result(tmp_path / "run", 0.9, pretrained=False, clips=5)
    if metrics is not None:
        (folder / "metrics.jsonl").write_text(metrics)
    with pytest.raises(SystemExit) as left:
        run(monkeypatch, "--by", "step", folder)
    assert left.value.code == 2
    shown = capsys.readouterr().err
    assert str(folder) in shown
    assert complaint in shown


def test_compare_by_step_refuses_runs_of_different_lengths(tmp_path, monkeypatch, capsys):
    short, long = (a_result(tmp_path / name, 0.9, pretrained=False, clips=5) for name in ("short", "long"))
    result = json.loads((long / "result.json").read_text())
    (long / "result.json").write_text(json.dumps(result | {"steps": 20}))
    with pytest.raises(SystemExit):
        run(monkeypatch, "--by", "step", short, long)
    assert "runs of 10 and 20 steps" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--by", "step"]])
def test_compare_refuses_to_average_runs_that_differ_in_more_than_their_seeds(
    tmp_path, monkeypatch, capsys, options
):
    folders = [
        a_result(tmp_path / name, 0.9, pretrained=False, clips=5, seed=seed, lr=lr)
        for name, seed, lr in [("first", 0, 0.1), ("second", 1, 0.1), ("third", 2, 0.3)]
    ]
    for folder in folders:
        (folder / "metrics.jsonl").write_text('{"step": 10, "split": "validation", "top1": 0.5}\n')
    run(monkeypatch, *options, *folders[:2])
    assert capsys.readouterr().out.splitlines()[2].endswith("| 0 / 2 |")
    with pytest.raises(SystemExit) as left:
        run(monkeypatch, *options, *folders)
    assert left.value.code == 2
    shown = capsys.readouterr().err
    assert f"{folders[2]}: optimizer.lr is 0.3, but 0.1 in {folders[0]}" in shown


def test_compare_refuses_to_average_runs_whose_pretrainings_differ_in_more_than_their_seeds(
    tmp_path, monkeypatch, capsys
):
    folders = []
    for name, seed, epochs in [("first", 0, 20), ("second", 1, 20), ("third", 2, 3)]:
        folders.append(a_result(tmp_path / name, 0.9, pretrained=True, clips=5, seed=seed))
        start = tmp_path / f"pretrain-{name}"
        start.mkdir()
        (start / "config.toml").write_text(f"training.seed = {seed}\ntraining.epochs = {epochs}\n")
        recipe = (folders[-1] / "config.toml").read_text()
        (folders[-1] / "config.toml").write_text(f'pretrained = "{start}"\n{recipe}')
    run(monkeypatch, *folders[:2])
    with pytest.raises(SystemExit):
        run(monkeypatch, *folders)
    assert "pretrained.training.epochs is 3, but 20" in capsys.readouterr().err


def test_compare_names_the_recipe_that_is_missing_or_broken(tmp_path, monkeypatch, capsys):
    folder = a_result(tmp_path / "run", 0.9, pretrained=False, clips=5)
    (folder / "config.toml").write_text("training.seed = \n")
    with pytest.raises(SystemExit):
        run(monkeypatch, folder)
    assert f"{folder / 'config.toml'}: not a TOML file: Invalid value" in capsys.readouterr().err
    (folder / "config.toml").unlink()
    with pytest.raises(SystemExit):
        run(monkeypatch, folder)
    assert f"{folder / 'config.toml'}: no such file" in capsys.readouterr().err


def test_compare_says_that_a_folder_holds_another_kind_of_run(tmp_path, monkeypatch, capsys):
    (tmp_path / "result.json").write_text('{"steps": 3}')
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path)
    assert f"{tmp_path / 'result.json'}" in capsys.readouterr().err


def data_of(folder, *, store="0", sides="a"):
    fingerprint = {"store": "data/x", "clips": 9, "sha256": store} | ({"sides": sides} if sides else {})
    (folder / "data.json").write_text(json.dumps([fingerprint]))
    return folder


@pytest.mark.parametrize("options", [[], ["--by", "step"]])
@pytest.mark.parametrize("start", ["scratch", "pretrained"])
@pytest.mark.parametrize(("other", "told"), [({"sides": "b"}, "split"), ({"store": "1"}, "data")])
def test_compare_refuses_runs_with_other_sides_or_data(
    tmp_path, monkeypatch, capsys, options, start, other, told
):
    folders = []
    for name in ("first", "second", "third"):
        pretrained = name == "third" and start == "pretrained"
        folders.append(a_result(tmp_path / name, 0.9, pretrained=pretrained, clips=5))
        (folders[-1] / "metrics.jsonl").write_text('{"step": 10, "split": "validation", "top1": 0.5}\n')
    data_of(folders[0]), data_of(folders[1], sides=None), data_of(folders[2])
    run(monkeypatch, *options, *folders)  # an earlier version did not say the sides
    data_of(folders[2], **other)
    with pytest.raises(SystemExit) as left:
        run(monkeypatch, *options, *folders)
    shown = capsys.readouterr().err
    assert left.value.code == 2 and f"{folders[2]}: " in shown and str(folders[0]) in shown and told in shown


def test_compare_sends_the_folder_of_all_folds_to_another_table(tmp_path, monkeypatch, capsys):
    (tmp_path / "result.json").write_text('{"folds": [], "protocol": "leave-one-subject-out"}')
    with pytest.raises(SystemExit) as left:
        run(monkeypatch, tmp_path)
    shown = capsys.readouterr().err
    assert left.value.code == 2 and "leave-one-subject-out" in shown and "--by clip" in shown
