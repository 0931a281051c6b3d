"""Exported networks answer as those in torch do: from clips, from files, fused, and whatever the network."""

import io
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from skeleton_data import ClipSampling, Preprocessing, SkeletonStore, layout, sample_clips
from skeleton_lab import build_network, predict, save_network, share
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.calibration import calibrate
from skeleton_lab.evaluation.data import EvaluateData, open_models
from skeleton_lab.models import onnx_export
from skeleton_lab.models.network_config import resolve_network
from skeleton_lab.models.onnx_int8 import write_int8
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import read_options
from skeleton_runtime import Recogniser
from skeletonmae import TransformerConfig, fuse_scores
from sttformer import STTFormerConfig

KINECT = layout("kinect_v1")


def run_share(*arguments):
    share.run(read_options(share.ShareConfig, [str(each) for each in arguments], program="share"))


def answers(model, *arguments):
    """What `predict` prints."""
    given = [str(model), *map(str, arguments), "--format", "json", "--insist"]
    out = io.StringIO()
    predict.run(read_options(predict.PredictConfig, given, program="predict"), out=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def real_clips(store, count=12):
    opened = SkeletonStore.open(store)
    return [opened.read(number) for number in range(count)]


def assert_same_classes(found, wanted):
    assert len(found) == len(wanted) > 0
    for one, other in zip(found, wanted, strict=True):
        assert one["label"] == other["label"]
        assert one["classes"] == pytest.approx(other["classes"], abs=1e-4)


@pytest.fixture(scope="module")
def shared(trained, tmp_path_factory):
    """The folder of two seeds of a classifier."""
    folder = tmp_path_factory.mktemp("shared") / "model"
    run_share(trained["joint"], trained["again"], "--int8", "true", "--output", folder)
    return folder


def test_a_shared_model_answers_alike_with_and_without_torch(shared, store):
    without = answers(shared, store)
    assert_same_classes(without, answers(shared, store, "--torch", "true"))
    assert_same_classes(
        answers(shared, store, "--window", "12"), answers(shared, store, "--window", "12", "--torch", "true")
    )
    assert [answer["classes"] for answer in without] == [
        pytest.approx(answer.best(3), abs=1e-6)
        for answer in Recogniser.load(shared).predict(store, insist=True)
    ]


def test_the_file_says_all_and_tells_nothing_of_the_machine(shared, store):
    exported = onnx.load(shared / "model.onnx")
    assert [each.name for each in exported.graph.input] == ["clips"]
    assert {each.name for each in exported.graph.output} == {"scores", "features"}
    metadata = {each.key: each.value for each in exported.metadata_props}
    assert Preprocessing.parse(metadata["preprocessing"], "model.onnx") == Preprocessing.load(shared)
    assert metadata["weights"] == SavedModel.open(shared).sha256
    data = (shared / "model.onnx").read_bytes()
    assert b"site-packages" not in data and b".py" not in data
    card = (shared / "README.md").read_text()
    assert "skeleton-predict" in card and f"{32} clips of {store.name}" in card
    assert Preprocessing.load(shared).fps == 30


def held_out(model, store):
    """Sampled clips of the store (N, C, T, V, M), and their classes."""
    opened = SkeletonStore.open(store)
    return sample_clips(real_clips(store, 96), model.preprocessing), opened.index.label[:96]


def test_numbers_of_8_bits_answer_nearly_alike(shared, store):
    whole, short = Recogniser.load(shared), Recogniser.load(shared / "model.int8.onnx")
    assert short.preprocessing == whole.preprocessing and short.calibration == whole.calibration
    assert (shared / "model.int8.onnx").stat().st_size < (shared / "model.onnx").stat().st_size
    card = (shared / "README.md").read_text()
    assert "model.int8.onnx" in card and "held-out clips" in card
    assert " model.int8.onnx\n" in (shared / "SHA256SUMS").read_text()
    clips, _ = held_out(whole, store)
    expected, found = whole.network.scores(clips), short.network.scores(clips)
    assert 0 < np.abs(found - expected).max() < 0.1 * np.abs(expected).max()


def test_numbers_of_8_bits_that_lose_accuracy_are_not_kept(shared, store, tmp_path):
    clips, label = held_out(Recogniser.load(shared), store)
    path = tmp_path / "model.int8.onnx"
    note = write_int8(shared / "model.onnx", path, clips[:16], clips, label, most=-101)
    assert not path.exists() and "There is no `model.int8.onnx`" in note
    assert "96 held-out clips" in write_int8(shared / "model.onnx", path, clips[:16], clips, label, most=101)
    assert path.exists()


def test_features_are_those_of_the_network(shared, store):
    clips = real_clips(store)
    model = Recogniser.load(shared)
    embedded = model.embed(clips, insist=True)
    network = SavedModel.open(shared).load()
    network.reset_classifier(0)
    joints = torch.from_numpy(sample_clips(clips, model.preprocessing))
    np.testing.assert_allclose(embedded, network(joints).detach(), rtol=1e-4, atol=1e-4)


def held_out_calibration(fused, run):
    """What the clips that a run held out tell of a model, one by one."""
    _, _, clips = open_models([str(run)], EvaluateData(), "validation")
    joints = sample_clips([clips.store.read(int(number)) for number in clips.validation], fused.preprocessing)
    label = torch.from_numpy(clips.store.index.label[clips.validation].astype(np.int64))
    assert len(label) > 0
    return calibrate(torch.from_numpy(fused.network.scores(joints)), label)


@pytest.mark.slow
def test_streams_are_fused_in_one_file(trained, store, tmp_path):
    runs, weights = (trained["joint"], trained["bone"]), ("--weights", "0.6,0.4")
    run_share(*runs, "--fuse", "true", *weights, "--output", tmp_path / "fused")
    fused, clips = Recogniser.load(tmp_path / "fused"), real_clips(store)
    parts = [SavedModel.open(tmp_path / "fused" / stream) for stream in ("joint", "bone")]
    scores = [part.load()(torch.from_numpy(sample_clips(clips, part.preprocessing))) for part in parts]
    how = fused.calibration
    wanted = (fuse_scores(scores, [0.6, 0.4]) / how.temperature).softmax(1).detach()
    np.testing.assert_allclose(fused(clips), wanted, atol=1e-4)
    assert (
        how
        == Recogniser.load(tmp_path / "fused" / "model.onnx").calibration
        == held_out_calibration(fused, runs[0])
    )
    assert len(answers(tmp_path / "fused", store)) == 96
    with pytest.raises(InputError, match=r"fused.bone.*fused.joint"):
        SavedModel.open(tmp_path / "fused")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("joint", "bone"), "not of one recipe"),
        (("joint", "again", "--fuse", "true"), "fuse needs models of several streams"),
        (("encoder", "--int8", "true"), "int8: .* is an encoder"),
        (("joint", "encoder", "--fuse", "true"), "fuse: .* is an encoder|needs models of several streams"),
    ],
)
def test_what_does_not_go_together_is_not_shared(trained, tmp_path, arguments, complaint):
    given = [trained.get(each, each) for each in arguments]
    with pytest.raises(InputError, match=complaint):
        run_share(*given, "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "config", [TransformerConfig(token_frames=4, width=8, depth=1, heads=2, frames=20), STTFormerConfig()]
)
def test_an_export_that_answers_otherwise_is_refused(tmp_path, monkeypatch, config):
    """Of the transformer and, without a head, of the encoder; both are then exported as they are."""
    head = 3 if isinstance(config, TransformerConfig) else 0
    if not head:
        config = STTFormerConfig(width=8, blocks=((8, 2),), tuple_frames=2)
    sampling = ClipSampling()
    config = resolve_network(config, KINECT, sampling, classes=head, field="model")
    torch.manual_seed(0)
    preprocessing = Preprocessing(
        layout=KINECT, bodies=2, sampling=sampling, classes=("a", "b", "c")[:head], fps=30
    )
    save_network(build_network(config).eval(), tmp_path / "model", preprocessing)
    model, path = SavedModel.open(tmp_path / "model"), tmp_path / "model.onnx"
    kept = onnx_export.around_bodies
    monkeypatch.setattr(
        onnx_export,
        "around_bodies",
        lambda *given, **named: kept(given[0], given[1] + 1, *given[2:], **named),
    )
    with pytest.raises(InputError, match=r"model\.onnx: .*scores"):
        onnx_export.export_with_examples([model], path)
    assert not path.exists()
    monkeypatch.undo()
    assert "32 drawn clips" in onnx_export.export_with_examples([model], path)
    nobody = np.zeros((3, 3, 20, 20, 2), np.float32)
    assert Recogniser.load(path).network.features(nobody).shape == (3, 8)
    assert [bodies_computed(path, clips) for clips in (nobody, nobody + 1)] == [1, 6]


def bodies_computed(path, clips):
    """Number of bodies that reach the network: never none, which ONNX Runtime 1.20 refuses."""
    model = onnx.load(path)
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info("bodies"))
    model.graph.output[-1].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return len(session.run(["bodies"], {"clips": clips})[0])
