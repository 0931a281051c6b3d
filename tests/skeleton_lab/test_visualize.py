"""Every picture through its command line."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skeleton_data import SkeletonStore, split
from skeleton_lab import visualize
from skeleton_lab.errors import InputError
from skeleton_lab.pictures import reconstruction
from skeleton_lab.recipe.recipe import read_options

APPS = Path(__file__).parents[2] / "apps"


def run(*arguments):
    visualize.run(
        read_options(visualize.VisualizeConfig, [str(each) for each in arguments], program="visualize")
    )


def is_png(path):
    return path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 5000


def test_what_is_rebuilt(trained, tmp_path, capsys):
    run("reconstruction", trained["encoder"], tmp_path / "strip.png", "--clip", "7")
    assert is_png(tmp_path / "strip.png")
    assert capsys.readouterr().out == f"{tmp_path / 'strip.png'}\n"
    run("reconstruction", trained["encoder"], tmp_path / "page.html", "--clip", "7")
    page = (tmp_path / "page.html").read_text()
    assert "reconstructed" in page
    assert "fast (clip7)" in page
    run("reconstruction", trained["encoder"], tmp_path / "moving.gif")
    assert (tmp_path / "moving.gif").read_bytes().startswith(b"GIF8")


def test_what_is_rebuilt_under_each_of_the_papers_masks(trained, tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        reconstruction, "draw_strip", lambda path, rows, *_, **options: drawn.update(rows=rows, **options)
    )
    run("reconstruction", trained["encoder"], tmp_path / "masks.png", "--clip", "7", "--masks")
    monkeypatch.undo()
    run("reconstruction", trained["encoder"], tmp_path / "masks.png", "--clip", "7", "--masks")
    assert is_png(tmp_path / "masks.png")
    kinds = [name.removeprefix("reconstructed\n") for name in drawn["reconstructed"]]
    assert kinds == list(reconstruction.papers_maskings())
    hidden = {kind: ~drawn["visible"][f"masked\n{kind}"][:, 0] for kind in kinds}  # (T, V)
    assert hidden["frames"].all(1).tolist() == hidden["frames"].any(1).tolist()
    assert not hidden["joints"].all(1).any()
    fixed = hidden["frames and joints, the same in all"]
    assert len({tuple(frame) for frame in fixed if not frame.all()}) == 1
    for kind in kinds:
        reconstructed = drawn["rows"][f"reconstructed\n{kind}"]
        assert np.isfinite(reconstructed).all() and not np.allclose(reconstructed, drawn["rows"]["original"])


def test_the_papers_ways_of_masking(store, tmp_path):
    run("masks", store, tmp_path / "masks.png", "--clip", "7", "--joint_ratio", "0.6")
    assert is_png(tmp_path / "masks.png")


@pytest.mark.parametrize("name", ["encoder", "joint"])
def test_attention_on_the_body(trained, tmp_path, name):
    run("attention", trained[name], tmp_path / "attention.png", "--clip", "3")
    assert is_png(tmp_path / "attention.png")


@pytest.mark.parametrize("name", ["encoder", "bone"])
def test_features_in_a_plane(trained, store, tmp_path, capsys, name):
    run("embedding", trained[name], tmp_path / "plane.png")
    assert is_png(tmp_path / "plane.png")
    opened = SkeletonStore.open(store)
    rows = list(csv.DictReader((tmp_path / "plane.csv").read_text().splitlines()))
    unseen = split(opened.index, "odd-subjects").test
    assert [row["clip"] for row in rows] == [opened.name(int(clip)) for clip in unseen]
    assert [row["class"] for row in rows] == [opened.class_names[k] for k in opened.index.label[unseen]]
    places = np.array([[float(row["component 1"]), float(row["component 2"])] for row in rows])
    assert places.mean(0) == pytest.approx(0, abs=1e-4)
    assert places[:, 0].var() >= places[:, 1].var()
    assert "48 test clips; the plane shows" in capsys.readouterr().out


def test_bad_input_names_its_cause(trained, store, other_store, tmp_path):
    shutil.copytree(trained["joint"] / "classifier", tmp_path / "loose")
    cases = {
        (): "name a picture: reconstruction, masks, attention, embedding",
        ("reconstruction", trained["joint"], "x.png"): "joint is not a finished pre-training",
        (
            "reconstruction",
            trained["encoder"],
            tmp_path / "x.png",
            "--clip",
            "96",
        ): "clip is 96, but .* clips 0 to 95",
        ("attention", trained["bone"], tmp_path / "x.png"): "data.sampling.stream is 'bone'",
        ("attention", tmp_path / "loose", tmp_path / "x.png"): "store must be given.*loose",
        (
            "attention",
            trained["joint"],
            tmp_path / "x.png",
            "--store",
            other_store,
        ): "layout ntu, .* kinect_v1",
        ("masks", store, tmp_path / "nowhere" / "x.png"): "nowhere",
        ("masks", store, tmp_path / "x.xyz"): "xyz",
        ("masks", "nowhere", tmp_path / "x.png"): "nowhere: no such folder",
        ("embedding", "nowhere", tmp_path / "x.png"): "nowhere: no such folder",
    }
    for arguments, line in cases.items():
        with pytest.raises(InputError, match=line):
            run(*arguments)
        assert not (tmp_path / "x.png").exists()


def test_help_of_these_apps_imports_no_torch():
    program = (
        "import runpy, sys\n"
        "for line in ('evaluate', 'predict', 'share', 'visualize', 'visualize embedding'):\n"
        "    sys.argv = [*line.split(), '--help']\n"
        f"    try: runpy.run_path({str(APPS)!r} + f'/{{sys.argv[0]}}.py', run_name='__main__')\n"
        "    except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'torch', 'timm', 'matplotlib', 'accelerate', 'huggingface_hub'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    text = " ".join(ran.stdout.split())
    for option in ("--neighbours int", "--live", "--licence str", "--calibration_clips int"):
        assert option in text
