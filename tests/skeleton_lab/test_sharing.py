"""A model that is handed on carries all that is needed, and brings nothing that is run or read elsewhere."""

import hashlib
import json
import pickle
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from skeleton_data import ClipSampling, printable
from skeleton_lab import share
from skeleton_lab.errors import InputError
from skeleton_lab.models.model_card import model_card, plain
from skeleton_lab.models.model_folder import FILES, OPTIONAL, SUMS
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import read_options
from sttformer import STTFormer

OF_A_RUN = (*FILES, "calibration.json")
"""Files of the classifier of a run, which has no model.onnx before it is shared."""


def run(*arguments):
    """Share without model.onnx, which tests of their own are about."""
    given = [*map(str, arguments), "--onnx", "false"]
    share.run(read_options(share.ShareConfig, given, program="share"))


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of a classifier, to be tampered with."""
    shutil.copytree(trained["joint"] / "classifier", tmp_path / "model")
    return tmp_path / "model"


def test_a_run_leaves_a_model_that_is_complete(trained):
    folder = trained["joint"] / "classifier"
    assert {path.name for path in folder.iterdir()} == {*OF_A_RUN, SUMS, "README.md"}
    sums = dict(line.split("  ")[::-1] for line in (folder / SUMS).read_text().splitlines())
    assert sums == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in OF_A_RUN}
    model = SavedModel.open(trained["joint"])
    assert model.preprocessing.classes == ("slow", "fast", "wide")
    assert model.preprocessing.layout.name == "kinect_v1"
    assert isinstance(model.preprocessing.sampling, ClipSampling)
    clips = torch.randn(2, 3, 8, 20, 1)
    assert torch.equal(model.load()(clips), STTFormer.from_pretrained(folder)(clips))


def test_the_card_tells_recipe_accuracy_and_how_to_load(trained, store):
    card = (trained["joint"] / "classifier" / "README.md").read_text()
    top1 = json.loads((trained["joint"] / "result.json").read_text())["test"]["top1"]
    assert card.startswith("---\nlibrary_name: sttformer\nlicense: other\n")
    assert f"{100 * top1:.1f} % top-1 on 48 test clips, one run." in card
    assert "36 clips with labels, of the training side of tiny.store (odd-subjects)" in card
    for phrase in (
        "slow, fast, wide",
        "layout kinect_v1: hip_center, spine",
        "skeleton_lab.finetune recipe.toml",
    ):
        assert phrase in card
    assert str(store.parent) not in card  # a store is named, but not where it was
    assert f'store = "{store.name}"' in card
    (code,) = re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL)
    where = str(trained["joint"] / "classifier")
    exec(code.replace("FOLDER_OR_HUB_NAME", where), {"clips": torch.randn(2, 3, 8, 20, 1)})


def test_the_recipe_on_the_card_is_the_one_that_was_run(trained, store, tmp_path):
    from skeleton_lab import finetune
    from skeleton_lab.recipe.recipe import read_recipe

    card = (trained["joint"] / "classifier" / "README.md").read_text()
    (recipe,) = re.findall(r"```toml\n(.*?)```", card, flags=re.DOTALL)
    (tmp_path / "recipe.toml").write_text(recipe)
    options = ["--data.store", str(store), "--folder", str(tmp_path / "run"), "--run.tracker", "none"]
    config = read_recipe(
        finetune.FinetuneConfig,
        [str(tmp_path / "recipe.toml"), *options],
        program="finetune",
        shortcuts=finetune.RUN_SHORTCUTS,
    )
    finetune.run(config, bar={"disable": True})
    files = [path / "classifier" / "model.safetensors" for path in (trained["joint"], tmp_path / "run")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_sharing_tells_the_spread_over_seeds(trained, tmp_path, capsys):
    run(trained["joint"], trained["again"], "--output", tmp_path / "out", "--licence", "cc-by-nc-4.0")
    values = [
        100 * json.loads((trained[name] / "result.json").read_text())["test"]["top1"]
        for name in ("joint", "again")
    ]
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"{np.mean(values):.1f} ± {np.std(values, ddof=1):.1f} % top-1" in card
    assert "mean and standard deviation of 2 runs" in card
    assert "license: cc-by-nc-4.0" in card
    shared = SavedModel.open(tmp_path / "out")
    assert shared.run is None
    clips = torch.randn(2, 3, 8, 20, 1)
    assert torch.equal(shared.load()(clips), SavedModel.open(trained["joint"]).load()(clips))
    assert f"{tmp_path / 'out'}: README.md, SHA256SUMS, calibration.json" in capsys.readouterr().out


def test_a_result_of_another_cannot_forge_a_section_of_the_card(trained, tmp_path):
    shutil.copytree(trained["joint"], tmp_path / "run")
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    result["made_with"]["processor"] = "x\n\n## Accuracy\n\n100.0 % top-1\x1b[2J"
    (tmp_path / "run" / "result.json").write_text(json.dumps(result))
    run(tmp_path / "run", "--output", tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert card.count("\n## Accuracy\n") == 1 and card.replace("\n", "").isprintable()


def test_sharing_refuses_what_does_not_belong_together(trained, tmp_path):
    shutil.copytree(trained["joint"] / "classifier", tmp_path / "alone")
    cases = {
        (trained["joint"], trained["bone"]): "bone and .*joint are not of one recipe",
        (trained["joint"], trained["encoder"]): "encoder and .*joint are not of one recipe",
        (tmp_path / "alone",): "alone is not a finished run.* result.json",
        (trained["joint"], "--licence", "free beer"): "licence: .*'free beer'",
    }
    for arguments, line in cases.items():
        with pytest.raises(InputError, match=line):
            run(*arguments, "--output", tmp_path / "out")
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match=r"output: .*out exists already"):
        run(trained["joint"], "--output", tmp_path / "out")
    (tmp_path / "link").symlink_to("gone")
    with pytest.raises(InputError, match=r"output: .*link exists already"):
        run(trained["joint"], "--output", tmp_path / "link")
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_was_put_there_meanwhile_is_not_replaced(trained, tmp_path, monkeypatch):
    copy, twin = share.copy_files, tmp_path / "out" / "model.safetensors"

    def overtaken(*given):
        twin.parent.mkdir()
        twin.write_text("first")
        copy(*given)

    monkeypatch.setattr(share, "copy_files", overtaken)
    with pytest.raises(InputError, match=r"out: exists"):
        run(trained["joint"], "--output", tmp_path / "out")
    assert twin.read_text() == "first" and [path.name for path in tmp_path.iterdir()] == ["out"]


def test_seeds_may_differ_but_neither_data_nor_whether_an_encoder_was_pretrained():
    recipe = {"data": {"store": "a", "label_seed": 0}, "training": {"seed": 0}, "pretrained": "encoder0"}
    other = {"data": {"store": "a", "label_seed": 1}, "training": {"seed": 1}, "pretrained": "encoder1"}
    assert share._without_seeds(recipe) == share._without_seeds(other)
    scratch = {name: value for name, value in recipe.items() if name != "pretrained"}
    assert share._without_seeds(recipe) != share._without_seeds(scratch)
    assert share._without_seeds(recipe) != share._without_seeds(recipe | {"data": {"store": "b"}})


@pytest.mark.parametrize("name", OF_A_RUN)
def test_a_changed_file_is_found(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[-2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name}: damaged: its checksum is not the one in SHA256SUMS"):
        SavedModel.open(folder)


def test_a_missing_file_is_named(folder):
    (folder / "preprocessing.json").unlink()
    with pytest.raises(InputError, match=r"preprocessing\.json is missing; .*model is no saved model"):
        SavedModel.open(folder)


def test_checksums_lead_to_no_other_file(folder, tmp_path):
    (tmp_path / "secret").write_text("x")
    (folder / SUMS).write_text(f"{'0' * 64}  ../secret\n")
    with pytest.raises(InputError, match=r"SHA256SUMS: '\.\./secret' is no file of a model"):
        SavedModel.open(folder)


def test_a_pickle_is_not_looked_at(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
    (folder / "model.safetensors").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="damaged"):
        SavedModel.open(folder)
    (folder / SUMS).unlink()
    with pytest.raises(ValueError, match="model"):
        SavedModel.open(folder).load()
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model\.safetensors is missing"):
        SavedModel.open(folder)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("name", "change", "line"),
    [
        ("config.json", '{"config": {"kind": "os.system"}}', r"config\.json: .*'os\.system'"),
        (
            "config.json",
            '{"config": {"width": 8, "hook": "x"}}',
            r"config\.json: .*config\.hook: ",
        ),
        ("config.json", "[]", r"config\.json: expected a table 'config'"),
        (
            "config.json",
            '{"config": {"joints": 25}}',
            "config.json has 0 classes and 25 joints, .* 3 and 20",
        ),
        ("preprocessing.json", "{}", r"preprocessing\.json: layout: it is missing"),
    ],
)
def test_a_config_holds_values_only(folder, name, change, line):
    (folder / SUMS).unlink()
    (folder / name).write_text(change)
    with pytest.raises(InputError, match=line):
        SavedModel.open(folder)


def test_of_the_hub_the_known_files_are_taken_alone(folder, monkeypatch):
    asked = {}

    def download(name, allow_patterns):
        asked[name] = allow_patterns
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert SavedModel.open("hf://lab/tuned-1.0").preprocessing.classes == ("slow", "fast", "wide")
    assert asked == {"lab/tuned-1.0": [*FILES, *OPTIONAL, SUMS]}

    def offline(name, allow_patterns):
        raise OSError("no connection\nwith more lines")

    monkeypatch.setattr("huggingface_hub.snapshot_download", offline)
    with pytest.raises(InputError, match=r"^hf://lab/tuned .*: no connection$"):
        SavedModel.open("hf://lab/tuned")


HOSTILE = (
    *("# Licence", "a | b", "<img src=x>", "[here](http://x)", "![x](y)", "- item", "1. first", "***", "---"),
    *("```", "&lt;", "_emphasis_", "~~~", "> quote", "+ x", "===", "back\\slash", "line\nbreak"),
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_in_the_card_are_no_markdown(trained, name):
    """They neither begin a section, a list or a quotation, nor end a table, nor load anything."""
    model = SavedModel.open(trained["joint"])
    known = model.preprocessing
    layout = known.layout.model_copy(update={"name": name})
    named = replace(model, preprocessing=known.model_copy(update={"classes": (name,) * 40, "layout": layout}))
    card, usual = model_card(named), model_card(model)
    heads = [re.findall(r"^(?:#+ |---)", text, re.MULTILINE) for text in (card, usual)]
    assert heads[0] == heads[1] and len(re.findall(r"(?<!\\)```", card)) == usual.count("```")
    assert not re.search(r"^([>+=~*-]|\d+[.)]) ", card.split("## Classes")[1].split("##")[0], re.MULTILINE)
    rows = [line for line in card.splitlines() if line.startswith("| joints")]
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 3
    assert not re.search(r"(?<!\\)(<img|\]\(|&lt)", card)
    assert plain(name) in card and re.sub(r"\\([^a-z])", r"\1", plain(name)) == printable(name)
