"""The demo at toy size, from raw recordings to the table and the pictures."""

import sys

import pytest

from skeleton_data import SkeletonStore
from skeleton_lab import demo

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
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    labelled = [row.split("|")[1].strip() for row in rows]
    assert labelled == ["2", "4"]  # of 2 classes x 2 repeats of the one subject that is left to train on
    assert all(row.split("|")[5].strip() == "2" for row in rows)
    for picture in ("one-person.png", "two-people.png"):
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")
    assert len(SkeletonStore.open(folder / "store")) == 16
    assert len(list((folder / "raw").glob("*.skeleton"))) == 16

    results = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    assert len(results) == 2 + 2 * 2 * 2
    run(demo, monkeypatch, tmp_path / "demo.toml")  # nothing is left to do
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")} == results
    assert table in capsys.readouterr().out
