"""Encoder, decoder, mask and data set by class from a recipe: trained, saved, fine-tuned; what they lack."""

import json
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from skeleton_lab import evaluate, finetune, pretrain, visualize
from skeleton_lab.errors import InputError
from skeleton_lab.models.pretraining import load_pretraining
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import read_options, read_recipe
from skeletonmae import EncoderPlugin, TokenClassifier

QUIET = {"disable": True}
ENCODER = "own_parts:JointMLP"


@pytest.fixture(autouse=True)
def _own_module(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def write(path, folder, *, data, model):
    path.write_text(
        f'[data]\n{data}\nvalidation = 0.25\n[data.sampling]\nframes = 8\norigin = "first_frame"\n'
        f"{model}\n[training]\nsteps = 2\nbatch_size = 12\n[run]\nfolder = {json.dumps(str(folder))}\n"
        'tracker = "none"\n'
    )
    return path


@pytest.fixture
def pretraining(store, tmp_path):
    def recipe(
        encoder=f'kind = "{ENCODER}"\nwidth = 12',
        decoder='kind = "own_parts:FillDecoder"',
        mask='kind = "own_parts:OneFrame"\nframes = 3',
        source=f'store = "{store}"',
    ):
        parts = {"encoder": encoder, "decoder": decoder, "mask": mask}
        model = "\n".join(f"[model.{name}]\n{table}" for name, table in parts.items())
        data = f'sources = [{{ {source}, protocol = "odd-subjects" }}]'
        return write(tmp_path / "pretrain.toml", tmp_path / "pretrained", data=data, model=model)

    return recipe


def run_pretraining(recipe, *options):
    return pretrain.run(read_recipe(pretrain.PretrainConfig, [str(recipe), *options], program="x"), bar=QUIET)


def run_finetuning(store, tmp_path, *options, source=None):
    data = f'{source or f"store = {json.dumps(str(store))}"}\nprotocol = "odd-subjects"'
    model = f'[model]\nkind = "{ENCODER}"'
    recipe = write(tmp_path / "finetune.toml", tmp_path / "finetuned", data=data, model=model)
    return finetune.run(read_recipe(finetune.FinetuneConfig, [str(recipe), *options], program="x"), bar=QUIET)


def test_trained_saved_and_fine_tuned(pretraining, store, tmp_path, monkeypatch):
    result = run_pretraining(pretraining())
    folder = tmp_path / "pretrained"
    saved = load_file(folder / "encoder" / "model.safetensors")
    assert result.steps == 2 and saved["encoder.positions"].shape == (20, 12)
    assert saved["encoder.positions"].abs().sum() > 0, "they begin as zeros"

    tuned = run_finetuning(store, tmp_path, "--pretrained", str(folder), "--training.steps", "1")
    assert tuned.steps == 1 and tuned.test.clips == 48
    monkeypatch.setenv("SKELETONMAE_TRUST", ENCODER)
    classifier = TokenClassifier.from_pretrained(tmp_path / "finetuned" / "classifier")
    assert classifier.config.width == 12 and classifier.num_classes == 3
    clips = torch.randn(2, 3, 8, 20, 2)
    torch.testing.assert_close(
        SavedModel.open(tmp_path / "finetuned").load()(clips), classifier(clips), rtol=0, atol=0
    )


def test_a_run_resumes(pretraining, tmp_path):
    recipe = pretraining()
    first = run_pretraining(recipe)
    assert run_pretraining(recipe, "--run.resume") == first
    with pytest.raises(InputError, match=r"model\.mask\.frames: 2, but the run to resume.*3"):
        mask = 'kind = "own_parts:OneFrame"\nframes = 2'
        run_pretraining(pretraining(mask=mask), "--run.resume")


def test_features_are_those_of_each_token_by_itself():
    """A slow reference: each body's tokens one after the other, their mean over tokens and bodies."""
    model = TokenClassifier(EncoderPlugin(kind=ENCODER, joints=5, width=4, num_classes=3)).double()
    x = torch.randn(2, 3, 4, 5, 2, dtype=torch.float64)
    features = model.forward_features(x)
    assert features.shape == (2, 4, 4, 5, 2)
    for clip, frame, joint, body in ((0, 0, 0, 0), (1, 3, 4, 1), (1, 2, 0, 0)):
        token = model.encoder.embed(x[clip, :, frame, joint, body]) + model.encoder.positions[joint]
        torch.testing.assert_close(features[clip, :, frame, joint, body], model.encoder.mlp(token))
    torch.testing.assert_close(model(x), model.head(features.mean((2, 3, 4))))


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"encoder": 'kind = "no_such_module:Encoder"'}, "encoder.kind: .*No module .*no_such_module"),
        ({"encoder": 'kind = ":Encoder"'}, "encoder.kind: ':Encoder' is no import path"),
        ({"encoder": 'kind = "own_parts:Missing"'}, "encoder.kind: .*own_parts.*Missing"),
        ({"encoder": 'kind = "own_parts:NoWayToSave"'}, r"encoder: NoWayToSave lacks state_dict\(\)"),
        ({"encoder": 'kind = "own_parts:NoModule"'}, "encoder: NoModule is no torch.nn.Module"),
        ({"encoder": f'kind = "{ENCODER}"\ndepth = 3'}, "encoder: own_parts:JointMLP .*'depth'"),
        ({"encoder": 'kind = "own_parts:Thirds"'}, "encoder: .*8 frames.*token_frames=3"),
        ({"encoder": 'kind = "own_parts:NoFrames"'}, "encoder: NoFrames.token_frames .*got 0"),
        ({"encoder": 'kind = "own_parts:Tied"'}, r"encoder: Tied .*saved: tied and embed.weight share"),
        ({"encoder": 'kind = "own_parts:Sparse"'}, "encoder: Sparse .*saved: graph is no dense"),
        ({"encoder": 'kind = "own_parts:ExtraState"'}, "encoder: ExtraState .*saved: _extra_state is dict"),
        ({"encoder": 'kind = "own_parts:OneRow"'}, r"encoder: OneRow.*\(160, 16\), got \(1, 16\)"),
        ({"encoder": 'kind = "sttformr"'}, "encoder.kind: .*'sttformr'.*'module:Class'"),
        ({"encoder": 'kind = "own_parts:NoClips"\nwidth = 3'}, r"encoder: NoClips lacks encode_v.*'width'"),
        ({"decoder": 'kind = "own_parts:OneFrame"'}, r"decoder: OneFrame lacks __call__\(tokens, mask\)"),
        ({"mask": 'kind = "own_parts:FillDecoder"'}, "mask: FillDecoder lacks sample.*'in_channels'"),
        ({"mask": 'kind = "skeleton_mask:TubeConfig"\ntube_frames = 0'}, "mask.tube_frames: .*found 0"),
        ({"mask": 'kind = "own_parts:ShapelessMask"'}, "mask: ShapelessMask.sample must return .*got Tensor"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_before_training(pretraining, tmp_path, parts, named):
    with pytest.raises(InputError, match=rf"model\.{named}"):
        run_pretraining(pretraining(**parts))
    assert not (tmp_path / "pretrained").exists()


@pytest.fixture
def entry_points(tmp_path, monkeypatch):
    """A package that is installed as far as Python's metadata tell."""
    folder = tmp_path / "installed" / "own_parts-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: own-parts\nVersion: 1\n")
    (folder / "entry_points.txt").write_text(
        f"[skeletonmae.masks]\none-frame = own_parts:OneFrame\n"
        f"[skeletonmae.encoders]\njoint-mlp = {ENCODER}\n"
    )
    monkeypatch.syspath_prepend(str(folder.parent))
    assert metadata.entry_points(group="skeletonmae.masks").names == {"one-frame"}


@pytest.mark.usefixtures("entry_points")
def test_an_installed_entry_point_is_a_kind_and_is_trusted(pretraining, tmp_path):
    run_pretraining(pretraining(encoder='kind = "joint-mlp"', mask='kind = "one-frame"'))
    encoder = SavedModel.open(tmp_path / "pretrained").load()
    assert encoder.config.kind == "joint-mlp" and encoder.num_features == 16


def test_files_of_a_model_do_not_choose_what_is_imported(pretraining, store, tmp_path, monkeypatch):
    """Neither the class of an own encoder, nor any other that a file names; no module is looked at."""
    run_pretraining(pretraining())
    folder = tmp_path / "pretrained"
    for load in (
        lambda: SavedModel.open(folder).load(),
        lambda: load_pretraining(folder),
        lambda: TokenClassifier.from_pretrained(folder / "encoder"),
    ):
        with pytest.raises(ValueError, match=r"names the class own_parts:.*SKELETONMAE_TRUST=own_parts:"):
            load()
    monkeypatch.setenv("SKELETONMAE_TRUST", f"{ENCODER},own_parts:FillDecoder,own_parts:OneFrame")
    assert load_pretraining(folder)[0].mask.frames == 3
    monkeypatch.delenv("SKELETONMAE_TRUST")

    path = folder / "encoder" / "config.json"
    evil = json.loads(path.read_text())
    evil["config"] |= {"kind": "own_evil:Encoder"}
    path.write_text(json.dumps(evil))
    (folder / "encoder" / "SHA256SUMS").unlink(missing_ok=True)
    with pytest.raises(ValueError, match="own_evil:Encoder"):
        SavedModel.open(folder).load()
    with pytest.raises(InputError, match="own_evil:Encoder"):
        run_finetuning(store, tmp_path, "--pretrained", str(folder))
    assert "own_evil" not in sys.modules


WAVES = 'dataset = { kind = "own_parts:Waves", clips = 36 }'


def test_a_data_set_trains_and_fine_tunes_and_is_evaluated(pretraining, store, tmp_path, monkeypatch):
    pretrained = run_pretraining(pretraining(source=WAVES))
    assert (pretrained.train_clips, pretrained.validation_clips) == (12, 6)
    tuned = run_finetuning(None, tmp_path, "--pretrained", str(tmp_path / "pretrained"), source=WAVES)
    assert tuned.test.clips == 18
    run = tmp_path / "finetuned"
    assert SavedModel.open(run).preprocessing.classes == ("slow", "fast")
    assert "Waves (odd-subjects)" in (run / "classifier" / "README.md").read_text()

    def evaluation(*options):
        return evaluate.run(read_options(evaluate.EvaluateConfig, [str(run), *options], program="x"))

    named = ["--data.dataset", '{"kind": "own_parts:Waves", "clips": 36}']
    with pytest.raises(InputError, match=r"config\.toml names the class own_parts:Waves"):
        evaluation()
    with pytest.raises(InputError, match=r"config\.json names the class own_parts:JointMLP"):
        evaluation(*named)
    monkeypatch.setenv(
        "SKELETONMAE_TRUST", f"own_parts:Waves,{ENCODER},own_parts:FillDecoder,own_parts:OneFrame"
    )
    for options in ([], named):
        assert evaluation(*options).methods["classifier"].top1 == tuned.test.top1

    def picture(*options, kind="reconstruction", of=(str(tmp_path / "pretrained"),)):
        path = tmp_path / "picture.png"
        path.unlink(missing_ok=True)
        line = [kind, *of, str(path), *options]
        visualize.run(read_options(visualize.VisualizeConfig, line, program="x"))
        return path.read_bytes()

    named = ["--dataset", '{"kind": "own_parts:Waves", "clips": 36}']
    assert picture("--clip", "30") == picture("--clip", "30", *named) != picture("--clip", "31")
    assert picture(*named, kind="masks", of=()).startswith(b"\x89PNG")
    for wrong in ((), (str(store), *named)):
        with pytest.raises(InputError, match=r"either a store or a data set"):
            picture(*wrong[1:], kind="masks", of=wrong[:1])
    with pytest.raises(InputError, match=r"^dataset\.kind: own_parts:Nothing"):
        picture("--dataset.kind", "own_parts:Nothing")
    monkeypatch.setenv("SKELETONMAE_TRUST", ENCODER)
    with pytest.raises(InputError, match=r"config\.toml names the class own_parts:Waves"):
        picture()


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (
            'dataset = { kind = "own_parts:NoClips" }',
            r"dataset: NoClips lacks __getitem__\(clip\), layout",
        ),
        (
            'dataset = { kind = "own_parts:NoLength" }',
            r"dataset: .*NoLength.*ZeroDivisionError",
        ),
        (
            'dataset = { kind = "own_parts:NoStart" }',
            r"dataset: .*NoStart.*RuntimeError: disk",
        ),
        ('dataset = { kind = "own_parts:NoItem" }', r"dataset: .*NoItem.*clip 0.*KeyError"),
        (
            'dataset = { kind = "own_parts:Waves", length = 3 }',
            r"dataset: own_parts:Waves .*'length'",
        ),
        ('dataset = { kind = "own_parts:Nothing" }', r"dataset\.kind: .*Nothing"),
        (f'{WAVES}, store = "here"', "either store or dataset"),
        ("", "store is missing"),
    ],
)
def test_what_a_data_set_lacks_is_named_before_training(pretraining, tmp_path, source, named):
    recipe = pretraining(source=source)
    recipe.write_text(recipe.read_text().replace("{ ,", "{"))
    with pytest.raises(InputError, match=rf"data\.sources\.0.*{named}"):
        run_pretraining(recipe)
    assert not (tmp_path / "pretrained").exists()


def test_the_command_line_names_the_class_and_ends_with_2(pretraining, tmp_path):
    """The module is found in the working directory; a mistake in it is a line and not a traceback."""
    (tmp_path / "here.py").write_text("class Mask:\n    def sample(self, shape):\n        return shape\n")
    shutil.copy(Path(__file__).with_name("own_parts.py"), tmp_path)
    command = [sys.executable, "-P", "-m", "skeleton_lab.pretrain", pretraining(mask='kind = "here:Mask"')]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "mask: Mask lacks sample(shape, generator, joints_xyz)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
