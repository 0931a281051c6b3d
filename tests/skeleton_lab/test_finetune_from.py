"""Fine-tuning begins with anything that is a model, and says what it took; all through the command line."""

import json
import re
import shutil
import sys
import tomllib

import pytest
import torch
from safetensors.torch import load_file

from skeleton_data import StoreWriter, file_sha256
from skeleton_data.layouts.layout import layout
from skeleton_lab import evaluate, finetune, predict, share, visualize
from skeleton_lab.models.model_folder import FILES, SUMS
from skeleton_runtime import Calibration
from skeletonmae import READY, ready_folder
from sttformer import STTFormer, STTFormerConfig, to_official

FROZEN = ("--training.steps", "1", "--optimizer.kind", "sgd", "--optimizer.lr", "1e-12")
FROZEN += ("--run.tracker", "none", "--data.validation", "0")


@pytest.fixture
def run(monkeypatch, capsys):
    """An app by its command line: exit code, standard output and error."""

    def run(app, *arguments):
        monkeypatch.setattr(sys, "argv", ["app", *map(str, arguments)])
        try:
            app.main()
            code = 0
        except SystemExit as left:
            code = left.code
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def tune(run, finetune_recipe, tmp_path):
    """Fine-tune from something with weights that stay as they are; the folder of the run."""

    def tune(start, *arguments):
        given = ("--pretrained", start, "--run.overwrite", *FROZEN, *arguments)
        code, out, err = run(finetune, finetune_recipe, *given)
        assert code == 0, err
        return tmp_path / "finetuned", out

    return tune


@pytest.fixture
def refused(run, finetune_recipe, tmp_path):
    """The one line by which a fine-tuning is refused; nothing has been written."""

    def refused(start, *arguments):
        code, out, err = run(finetune, finetune_recipe, "--pretrained", start, *FROZEN, *arguments)
        assert (code, out) == (2, ""), err
        assert not (tmp_path / "finetuned").exists()
        (line,) = err.splitlines()
        return line

    return refused


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of an encoder without its checksums, to be tampered with."""
    shutil.copytree(trained["encoder"] / "encoder", tmp_path / "model")
    (tmp_path / "model" / SUMS).unlink()
    return tmp_path / "model"


def assert_began_with(tuned, weights):
    before, after = load_file(weights), load_file(tuned / "classifier" / "model.safetensors")
    learnt = [name for name in before if not name.startswith("head.") and "running" not in name]
    learnt = [name for name in learnt if "num_batches" not in name]
    assert len(learnt) > 20
    for name in learnt:
        torch.testing.assert_close(after[name], before[name], msg=name)
    result = json.loads((tuned / "result.json").read_text())
    assert result["pretrained_sha256"] == file_sha256(weights)
    assert result["pretrained"] == tomllib.loads((tuned / "config.toml").read_text())["pretrained"]


def published(path, *, joints=20, tuples=4, tuple_frames=2, prefix="", **changes):
    """A checkpoint as the published code saves it, with 60 classes; the model that it is of."""
    torch.manual_seed(3)
    shape = dict(joints=joints, tuple_frames=tuple_frames, width=8, blocks=((8, 2), (16, 4)), num_classes=60)
    model = STTFormer(STTFormerConfig(**shape | changes))
    state = {f"{prefix}{name}": value for name, value in to_official(model.state_dict()).items()}
    state[f"{prefix}blocks.0.pes.pe"] = torch.zeros(1, 8, tuples, joints * tuple_frames)
    torch.save(state, path)
    return model


@pytest.mark.parametrize("part", ["", "encoder"])
def test_a_pretraining_run_and_its_encoder(tune, trained, part):
    start = trained["encoder"] / part
    tuned, out = tune(start)
    assert_began_with(tuned, trained["encoder"] / "encoder" / "model.safetensors")
    assert not [line for line in out.splitlines() if line.startswith("finetune:")]  # nothing was changed
    assert json.loads((tuned / "result.json").read_text())["pretrained"] == str(start)


def test_what_share_wrote(tune, run, trained, tmp_path):
    assert (
        run(share, trained["encoder"] / "encoder", "--output", tmp_path / "shared", "--onnx", "false")[0] == 0
    )
    tuned, _ = tune(tmp_path / "shared")
    assert_began_with(tuned, tmp_path / "shared" / "model.safetensors")
    card = (tuned / "classifier" / "README.md").read_text()
    assert 'pretrained = "shared"' in card
    assert str(tmp_path) not in card


def test_an_encoder_that_comes_with_the_packages(tune):
    given = ("--data.sampling.frames", "20", "--data.sampling.face_forward", "true")
    tuned, _ = tune(READY[0], *given)
    assert_began_with(tuned, ready_folder(READY[0]) / "model.safetensors")
    assert json.loads((tuned / "result.json").read_text())["pretrained"] == READY[0]
    assert f'pretrained = "{READY[0]}"' in (tuned / "classifier" / "README.md").read_text()


def test_the_hub(tune, trained, monkeypatch):
    where = trained["encoder"] / "encoder"
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, allow_patterns: str(where))
    tuned, _ = tune("hf://lab/encoder")
    assert_began_with(tuned, where / "model.safetensors")
    assert json.loads((tuned / "result.json").read_text())["pretrained"] == "hf://lab/encoder"
    assert 'pretrained = "hf://lab/encoder"' in (tuned / "classifier" / "README.md").read_text()


@pytest.mark.parametrize("part", ["", "classifier"])
def test_a_classifier_gets_a_new_head(tune, trained, store, tmp_path, part):
    path = tmp_path / "two.store"
    with StoreWriter(path, layout=layout("kinect_v1"), class_names=["sit", "stand"], fps=30) as writer:
        for clip in range(16):
            writer.add(
                torch.randn(20, 1, 20, 3).numpy(), name=f"{clip}", label=clip // 2 % 2, subject=clip % 4
            )
    tuned, out = tune(trained["joint"] / part, "--data.store", path, "--training.batch_size", "4")
    assert_began_with(tuned, trained["joint"] / "classifier" / "model.safetensors")
    assert STTFormer.from_pretrained(tuned / "classifier").num_classes == 2
    assert "the head of 3 classes is replaced by a new one of 2" in out


@pytest.mark.parametrize(("ending", "prefix"), [(".pt", ""), (".pth", "module.")])
def test_a_published_checkpoint(tune, tmp_path, ending, prefix):
    path = tmp_path / f"published{ending}"
    model = published(path, prefix=prefix)
    tuned, out = tune(path)
    after = STTFormer.from_pretrained(tuned / "classifier")
    torch.testing.assert_close(after.embed.weight, model.embed.weight)
    torch.testing.assert_close(after.blocks[1].tuple_conv.weight, model.blocks[1].tuple_conv.weight)
    assert json.loads((tuned / "result.json").read_text())["pretrained_sha256"] == file_sha256(path)
    assert "the head of 60 classes is replaced by a new one of 3" in out


def test_a_published_checkpoint_that_does_not_fit(refused, tmp_path):
    path = tmp_path / "published.pt"
    cases = {
        "multiple of 20 joints": {"joints": 25, "tuple_frames": 3},
        "data.sampling.frames is 8, but .*published.pt was made for 16": {"tuples": 8},
        "model.channels is 2, but the data have 3": {"channels": 2},
    }
    for line, changes in cases.items():
        published(path, **changes)
        assert re.search(line, refused(path)), line
    published(path)
    assert "model.tuple_frames is 4, but " in refused(path, "--model.tuple_frames", "4")
    path.write_bytes(path.read_bytes()[:1000])
    assert "pretrained: " in (line := refused(path)) and "published.pt is no file of tensors" in line
    torch.save({"weight": torch.zeros(2)}, path)
    assert "published.pt: blocks.0.att0s is missing" in refused(path)


def test_the_architecture_is_the_encoders(tune, refused, trained, finetune_recipe):
    for option, value in {"--model.width": "16", "--model.kind": "transformer", "--model.heads": "2"}.items():
        line = refused(trained["encoder"], option, value)
        assert f"{option[2:]} is {value}, but {trained['encoder']}/encoder was trained with" in line

    text = finetune_recipe.read_text()
    finetune_recipe.write_text(text.replace("width = 8\n", "width = 16\ndropout = 0.25\n"))
    tuned, out = tune(trained["encoder"])
    config = STTFormer.from_pretrained(tuned / "classifier").config
    assert (config.width, config.dropout, config.num_classes) == (8, 0.25, 3)
    assert f"model.width is 8, as in the pre-trained {trained['encoder']}/encoder, not 16" in out
    assert "width = 8" in (tuned / "config.toml").read_text()


def test_a_recipe_of_another_kind(tune, refused, trained, finetune_recipe):
    head, _, rest = finetune_recipe.read_text().partition("[model]\n")
    kind = '[model]\nkind = "stgcn"\nwidth = 4\n[training]'
    finetune_recipe.write_text(f"{head}{kind}{rest.partition('[training]')[2]}")
    tuned, out = tune(trained["encoder"])
    assert STTFormer.from_pretrained(tuned / "classifier").config.width == 8
    assert "model.kind is sttformer, as in the pre-trained" in out
    shutil.rmtree(tuned)
    assert "model.width is 4, but" in refused(trained["encoder"], "--model.width", "4")


def tampered(**changes):
    def tamper(folder):
        for file, change in changes.items():
            path = folder / f"{file}.json"
            saved = json.loads(path.read_text())
            change(saved)
            path.write_text(json.dumps(saved))

    return tamper


BAD = {
    "preprocessing.json is missing": lambda folder: (folder / "preprocessing.json").unlink(),
    "model.safetensors is damaged": lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 100),
    "config.json: expected JSON": lambda folder: (folder / "config.json").write_text("[" * 10**5),
    "preprocessing.json: 1048577 bytes": lambda folder: (folder / "preprocessing.json").write_text(
        " " * (2**20 + 1)
    ),
    "config.width: ": tampered(config=lambda saved: saved["config"].update(width=10**9)),
    "config.blocks.0.1: ": tampered(config=lambda saved: saved["config"].update(blocks=[[8, 10**9]])),
    "model.safetensors does not fit the STTFormer: ": tampered(
        config=lambda saved: saved["config"].update(width=16384)
    ),
    "preprocessing.json: ": tampered(preprocessing=lambda saved: saved.update(bodies=10**9)),
    "SHA256SUMS: the file is empty": lambda folder: (folder / SUMS).write_text(""),
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_folder_is_a_line_that_names_the_file(refused, folder, line):
    BAD[line](folder)
    assert line in refused(folder)


def test_what_is_no_model(refused, tmp_path, finetune_recipe, other_store):
    (tmp_path / "empty").mkdir()
    cases = {
        tmp_path / "empty": "/empty is not a model",
        tmp_path / "nowhere": "nowhere: no such folder",
        tmp_path / "nowhere.pt": "nowhere.pt: no such folder",
        finetune_recipe: "finetune.toml: no model; expected a folder",
        "hf://name": "hf://name does not name a model",
        other_store: "ntu.store is not a model",
    }
    for start, line in cases.items():
        assert line in refused(start)


def test_other_apps_take_the_same(run, trained, store, tmp_path):
    for app, arguments in {
        evaluate: (trained["joint"] / "classifier",),
        predict: (trained["joint"] / "classifier", tmp_path),
        visualize: ("reconstruction", trained["encoder"] / "encoder", tmp_path / "clip.png"),
    }.items():
        code, _, err = run(app, *arguments)
        assert code == (2 if app is predict else 0), err
    assert (tmp_path / "clip.png").is_file()
    published(tmp_path / "published.pt")
    for app, arguments in {
        evaluate: (tmp_path / "published.pt",),
        predict: (tmp_path / "published.pt", tmp_path),
        share: (tmp_path / "published.pt", "--output", tmp_path / "out"),
    }.items():
        code, _, err = run(app, *arguments)
        assert code == 2
        assert "published.pt: a published checkpoint names neither its joints nor its classes" in err
    shutil.copytree(trained["joint"] / "classifier", tmp_path / "alone")
    code, _, err = run(visualize, "reconstruction", tmp_path / "alone", tmp_path / "again.png")
    assert (code, "alone lies in no run" in err) == (2, True)
    assert {path.name for path in (tmp_path / "alone").iterdir()} == {
        *(*FILES, Calibration.FILE, SUMS, "README.md"),
    }
