"""A model is trained on files with z up: files that it is to recognise are read in the same way."""

import json
import sys

import numpy as np
import pytest

from skeleton_data import (
    FileOptions,
    ImportConfig,
    Preprocessing,
    SkeletonStore,
    SyntheticConfig,
    clean,
    import_clips,
    layout,
    read_skeleton,
    write_synthetic,
)
from skeleton_lab import finetune, predict
from skeleton_lab.recipe.recipe import read_recipe


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Tables of two people and two actions, z up."""
    raw, folder = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("tables")
    write_synthetic(SyntheticConfig(classes=2, subjects=2, views=1, repeats=1, seed=5), raw)
    head = ",".join(f"{joint}_{axis}" for joint in layout("ntu").joints for axis in "xyz")
    for number, file in enumerate(sorted(raw.glob("*.skeleton"))):
        x, y, z = np.moveaxis(clean(read_skeleton(file))[:, 0], -1, 0)
        rows = np.stack([x, -z, y], axis=-1).reshape(len(x), -1)
        path = folder / f"P{number // 2 + 1}A{number % 2}.csv"
        np.savetxt(path, rows, delimiter=",", header=head, comments="", fmt="%.5f")
    return folder


@pytest.fixture(scope="module")
def model(recordings, tmp_path_factory):
    """Trained on a store that was made of another, which was imported."""
    folder = tmp_path_factory.mktemp("run")
    how = ImportConfig(layout="ntu", up="z", units="m", fps=30, name="P{subject}A{label}")
    import_clips(recordings, folder / "first", how)
    import_clips(folder / "first", folder / "store", ImportConfig())
    recipe = folder / "recipe.toml"
    recipe.write_text(
        f'[data]\nstore = "{folder}/store"\nprotocol = "all"\nvalidation = 0\n[data.sampling]\nframes = 8\n'
        "[model]\nwidth = 8\nblocks = [[8, 2]]\ntuple_frames = 2\n[training]\nepochs = 1\nbatch_size = 2\n"
        f'[run]\nfolder = "{folder}/run"\ntracker = "none"\n'
    )
    config = read_recipe(finetune.FinetuneConfig, [str(recipe)], program="finetune")
    finetune.run(config, bar={"disable": True})
    return folder / "run"


@pytest.fixture
def answered(monkeypatch, capsys):
    """Run the program: exit code, answers, and lines of complaint."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["predict", *map(str, arguments), "--format", "json"])
        code = 0
        try:
            predict.main()
        except SystemExit as ended:
            code = ended.code or 0
        printed = capsys.readouterr()
        return code, [json.loads(line)["classes"] for line in printed.out.splitlines()], printed.err

    return run


def test_the_model_keeps_how_its_files_were_read(model):
    known = (FileOptions(format="table", up="z", fps=30),)
    assert SkeletonStore.open(model.parent / "store").imported == known
    assert Preprocessing.load(model / "classifier").imported == known


def test_predict_reads_as_import_did(model, recordings, answered):
    code, answers, notes = answered(model, recordings, "--units", "m")
    assert code == 0 and len(answers) == 4 and "--up=z" in notes
    assert answered(model, recordings, "--units", "m", "--up=z", "--fps", "30") == (0, answers, "")
    code, stored, _ = answered(model, model.parent / "store")
    assert code == 0
    for one, other in zip(answers, stored, strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def test_another_answer_is_taken(model, recordings, answered):
    code, answers, notes = answered(model, recordings, "--units", "m", "--up=y")
    assert code == 0 and len(answers) == 4 and "--up=z" in notes
