"""The demo at toy size, from raw recordings to the table and the pictures; and the table alone."""

import json
import sys

import compare
import demo
import pytest

from skeleton_data import SkeletonStore

PRETRAIN = """
[data]
sources = [{ store = "elsewhere", protocol = "ntu60-xsub" }]
validation = 0.5
[data.sampling]
frames = 8
[model.encoder]
width = 8
blocks = [[8, 2]]
tuple_frames = 2
[model.decoder]
width = 8
depth = 1
qk_channels = 2
[training]
epochs = 1
batch_size = 4
[run]
folder = "elsewhere"
"""

FINETUNE = """
[data]
store = "elsewhere"
protocol = "ntu60-xsub"
validation = 0.5
[data.sampling]
frames = 8
[model]
width = 8
blocks = [[8, 2]]
tuple_frames = 2
[training]
steps = 2
batch_size = 4
[run]
folder = "elsewhere"
"""


def run(app, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [app.__name__, *map(str, arguments)])
    app.main()


@pytest.mark.slow
def test_demo_from_raw_recordings_to_the_table(tmp_path, monkeypatch, capsys):
    (tmp_path / "pretrain.toml").write_text(PRETRAIN)
    (tmp_path / "finetune.toml").write_text(FINETUNE)
    (tmp_path / "demo.toml").write_text(
        f'folder = "{tmp_path / "demo"}"\nseeds = 2\nfractions = [0.5, 1.0]\nprocesses = 1\n'
        f'pretrain = "{tmp_path / "pretrain.toml"}"\nfinetune = "{tmp_path / "finetune.toml"}"\n'
        '[actions]\nclasses = ["wave", "handshake"]\nsubjects = 4\nviews = 1\n'
    )
    run(demo, monkeypatch, tmp_path / "demo.toml")
    shown, folder = capsys.readouterr().out, tmp_path / "demo"
    table = (folder / "table.md").read_text()
    assert table in shown
    assert str(folder) in shown
    labelled = [row.split("|")[1].strip() for row in table.splitlines()[2:]]
    assert labelled == ["2", "4"]  # of 2 classes x 2 repeats of the one subject that is left to train on
    assert all(row.split("|")[5].strip() == "2" for row in table.splitlines()[2:])
    for picture in ("one-person.png", "two-people.png"):
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")
    assert len(SkeletonStore.open(folder / "store")) == 16
    assert len(list((folder / "raw").glob("*.skeleton"))) == 16

    results = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    assert len(results) == 2 + 2 * 2 * 2
    run(demo, monkeypatch, tmp_path / "demo.toml")  # nothing is left to do
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")} == results
    assert table in capsys.readouterr().out


def a_result(folder, top1, *, pretrained, clips):
    folder.mkdir(parents=True)
    result = {
        "folder": str(folder),
        "pretrained": "runs/pretrained" if pretrained else None,
        "test": {"clips": 10, "top1": top1, "top5": 1.0, "per_class": {"a": top1}},
        "validation_top1": 0.5,
        "selected_step": 5,
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
        a_result(tmp_path / f"{start}{seed}", top1, pretrained=start == "pretrained", clips=5)
        for start, accuracies in {"scratch": (0.5, 0.6, 0.7), "pretrained": (0.7, 0.8, 0.9)}.items()
        for seed, top1 in enumerate(accuracies)
    ]
    runs.append(a_result(tmp_path / "alone", 0.9, pretrained=False, clips=50))
    run(compare, monkeypatch, *runs)
    few, all_labels = capsys.readouterr().out.splitlines()[2:]
    assert few == "| 5 | 60.0 ± 10.0 | 80.0 ± 10.0 | +20.0 | 3 |"
    assert [cell.strip() for cell in all_labels.split("|")[1:5]] == ["50", "90.0", "-", "-"]


def test_compare_names_the_run_that_is_not_finished(tmp_path, monkeypatch, capsys):
    (tmp_path / "begun").mkdir()
    with pytest.raises(SystemExit) as left:
        run(compare, monkeypatch, tmp_path / "begun")
    assert left.value.code == 2
    assert f"compare: error: {tmp_path / 'begun'}: no finished run" in capsys.readouterr().err


def test_compare_by_step_shows_how_accuracy_on_held_out_clips_went(tmp_path, monkeypatch, capsys):
    histories = {"scratch0": {2: 0.2, 4: 0.6}, "scratch1": {2: 0.4, 4: 0.2}, "pretrained0": {2: 0.5, 8: 1.0}}
    for name, history in histories.items():
        a_result(tmp_path / name, 0.9, pretrained=name.startswith("pretrained"), clips=5)
        lines = [{"step": step, "split": "validation", "top1": top1} for step, top1 in history.items()]
        rows = [{"step": 1, "split": "train", "loss": 3.0}, *lines, {"step": 8, "split": "test", "top1": 0.9}]
        (tmp_path / name / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run(compare, monkeypatch, "--by", "step", *sorted(tmp_path.iterdir()))
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
        (None, "metrics.jsonl: No such file"),
    ],
)
def test_compare_by_step_names_the_run_that_does_not_tell(tmp_path, monkeypatch, capsys, metrics, complaint):
    folder = a_result(tmp_path / "run", 0.9, pretrained=False, clips=5)
    if metrics is not None:
        (folder / "metrics.jsonl").write_text(metrics)
    with pytest.raises(SystemExit) as left:
        run(compare, monkeypatch, "--by", "step", folder)
    assert left.value.code == 2
    shown = capsys.readouterr().err
    assert str(folder) in shown
    assert complaint in shown


def test_compare_by_step_refuses_runs_of_different_lengths(tmp_path, monkeypatch, capsys):
    short, long = (a_result(tmp_path / name, 0.9, pretrained=False, clips=5) for name in ("short", "long"))
    result = json.loads((long / "result.json").read_text())
    (long / "result.json").write_text(json.dumps(result | {"steps": 20}))
    with pytest.raises(SystemExit):
        run(compare, monkeypatch, "--by", "step", short, long)
    assert "runs of 10 and 20 steps" in capsys.readouterr().err


def test_compare_says_that_a_folder_holds_another_kind_of_run(tmp_path, monkeypatch, capsys):
    (tmp_path / "result.json").write_text('{"steps": 3}')
    with pytest.raises(SystemExit):
        run(compare, monkeypatch, tmp_path)
    assert f"{tmp_path / 'result.json'}: not the result of a fine-tuning" in capsys.readouterr().err
