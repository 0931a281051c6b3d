"""Compiled and exported, the model gives the same answers."""

import copy

import pytest
import torch
from torch._dynamo.utils import counters

from sttformer import FoldedSTTFormer, STTFormer, STTFormerConfig

# Traces forward and backward as the default does, and needs no C++ compiler.
BACKEND = "aot_eager"


def make_model(blocks=((6, 2), (8, 3))):
    torch.manual_seed(0)
    config = STTFormerConfig(joints=4, tuple_frames=2, width=6, blocks=blocks, heads=2, num_classes=5)
    model = STTFormer(config)
    model(make_clips())  # statistics
    return model


def make_clips(clips=4):
    x = torch.randn(clips, 3, 6, 4, 2)
    x[1:, ..., 1] = 0
    return x


@pytest.fixture(autouse=True)
def fresh_compiler():
    torch.compiler.reset()
    counters.clear()
    yield
    torch.compiler.reset()


def assert_same_step(compiled, eager, run):
    """The same output and gradients."""
    outputs = []
    for model in (compiled, eager):
        outputs.append(run(model))
        outputs[-1].square().mean().backward()
    torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-5)
    for (name, p), q in zip(compiled.named_parameters(), eager.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad, rtol=1e-3, atol=1e-5, msg=name)


@pytest.mark.parametrize("training", [True, False])
def test_dense_is_one_graph(training):
    """Absent bodies are computed there, with the same results."""
    model, x = make_model().train(training), make_clips()
    eager = copy.deepcopy(model)
    model.compile(fullgraph=True, backend=BACKEND)
    assert_same_step(model, eager, lambda model: model(x))
    for (name, buffer), other in zip(model.named_buffers(), eager.buffers(), strict=True):
        torch.testing.assert_close(buffer, other, msg=name)


def test_visible_tokens_break_the_graph_once():
    """Where tokens are counted; and then never again, however many there are."""
    model = make_model(blocks=[(8, 3)])
    eager = copy.deepcopy(model)
    eager.encode_visible(torch.randn(8, 6, 4, 3), torch.ones(8, 6, 4, dtype=bool))  # einops, too, learns once
    model.encode_visible = torch.compile(model.encode_visible, backend=BACKEND, dynamic=True)
    for ratio in (0.5, 0.8, 0.3):
        x, visible = torch.randn(8, 6, 4, 3), torch.rand(8, 6, 4) < ratio
        assert_same_step(model, eager, lambda model, x=x, v=visible: model.encode_visible(x, v))
    assert sum(counters["graph_break"].values()) == 1


def test_export_for_any_number_of_clips():
    model = make_model().eval()
    clips = torch.export.Dim("clips", min=1, max=64)
    exported = torch.export.export(model, (make_clips(),), dynamic_shapes={"x": {0: clips}}).module()
    for number in (1, 3, 7):
        x = make_clips(number)
        torch.testing.assert_close(exported(x), model(x))


@pytest.mark.parametrize("pool", ["mean", "by_joint"])
def test_folded_features_are_those_of_the_model(pool):
    model = make_model(blocks=((6, 2), (8, 3), (8, 3))).eval()
    model.reset_classifier(0, pool=pool)
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm1d):
            norm.weight.data.uniform_(0.5, 2)
            norm.bias.data.normal_()
    bodies = make_clips()[..., 0]
    torch.testing.assert_close(FoldedSTTFormer(model)(bodies), model(bodies[..., None]), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_onnx(tmp_path):
    for extra in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(extra, reason="needs sttformer[onnx]")
    import onnx
    import onnxruntime

    model = make_model().eval()
    clips = torch.export.Dim("clips", min=1, max=64)
    shapes = {"x": {0: clips}}
    program = torch.onnx.export(model, (make_clips(),), dynamo=True, dynamic_shapes=shapes, verbose=False)
    program.save(tmp_path / "sttformer.onnx")
    onnx.checker.check_model(tmp_path / "sttformer.onnx", full_check=True)
    session = onnxruntime.InferenceSession(tmp_path / "sttformer.onnx", providers=["CPUExecutionProvider"])
    for number in (1, 3, 7):
        x = make_clips(number)
        (scores,) = session.run(None, {"x": x.numpy()})
        torch.testing.assert_close(torch.from_numpy(scores), model(x).detach(), rtol=1e-4, atol=1e-5)
