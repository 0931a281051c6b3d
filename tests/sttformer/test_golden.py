"""The published code's answers, in float64: logits, loss, gradients, statistics, names and shapes."""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from sttformer import SIZES, STTFormer, STTFormerConfig, from_official, to_official


@pytest.fixture(params=["tiny", "small"])
def golden(shared, request):
    with np.load(shared / "golden" / f"sttformer_{request.param}.npz", allow_pickle=False) as file:
        return dict(file)


def load(golden):
    published = json.loads(str(golden["config"]))
    config = STTFormerConfig(
        joints=published["num_joints"],
        channels=published["num_channels"],
        tuple_frames=published["len_parts"],
        heads=published["num_heads"],
        width=published["config"][0][0],
        blocks=[(channels, qk) for _, channels, qk in published["config"]],
        num_classes=published["num_classes"],
    )
    model = STTFormer(config).double()
    state = {name[6:]: torch.tensor(golden[name]) for name in golden if name.startswith("state/")}
    model.load_state_dict(from_official(state), strict=True)
    return model


def assert_same(actual, expected, name=""):
    # Biases before a normalisation have no gradient but rounding noise: nothing is asked below the floor.
    expected = torch.as_tensor(expected).detach()
    error = (actual.detach() - expected).norm() / expected.norm().clamp(min=1e-3)
    assert error < 1e-9, f"{name}: relative error {error:.2e}"


def test_inference(golden):
    assert_same(load(golden).eval()(torch.tensor(golden["x"]).double()), golden["logits_eval"])


def test_training(golden):
    model = load(golden)
    logits = model(torch.tensor(golden["x"]).double())
    loss = F.cross_entropy(logits, torch.tensor(golden["y"]))
    loss.backward()
    assert_same(logits, golden["logits_train"])
    assert_same(loss, golden["loss_train"])
    for name, gradient in to_official({n: p.grad for n, p in model.named_parameters()}).items():
        assert_same(gradient, golden[f"grad/{name}"], name)
    for name, value in to_official(model.state_dict()).items():
        if name.endswith(("running_mean", "running_var")):
            assert_same(value, golden[f"after/{name}"], name)


@pytest.mark.parametrize("training", [True, False])
def test_absent_bodies_count_as_if_each_were_computed(golden, training, monkeypatch):
    x, y = torch.tensor(golden["x"]).double(), torch.tensor(golden["y"])
    x = torch.cat([x, torch.zeros_like(x)], dim=4)
    once, each = (load(golden).train(training) for _ in range(2))
    monkeypatch.setattr(each, "_distinct", lambda bodies: (bodies, torch.arange(len(bodies)), None))
    for model in (once, each):
        F.cross_entropy(model(x), y).backward()
    assert_same(once(x), each(x))
    for (name, one), other in zip(once.named_parameters(), each.parameters(), strict=True):
        assert_same(one.grad, other.grad, name)
    for (name, one), other in zip(once.named_buffers(), each.buffers(), strict=True):
        assert_same(one.double(), other.double(), name)


def test_official_checkpoint_fits_the_base_model(shared):
    """Every tensor of the official NTU-60 model has its place, and no other exists."""
    official = json.loads((shared / "golden" / "sttformer_official_state_dict.json").read_text())
    model = STTFormer(SIZES["base"].model_copy(update={"num_classes": 60}))
    assert sum(p.numel() for p in model.parameters()) == official["num_parameters"]
    state = {name: torch.zeros(shape) for name, shape in official["state_dict"].items()}
    model.load_state_dict(from_official(state), strict=True)
    back = {name: list(value.shape) for name, value in to_official(model.state_dict()).items()}
    assert back == {name: shape for name, shape in official["state_dict"].items() if not name.endswith(".pe")}


def test_a_foreign_name_is_refused():
    with pytest.raises(ValueError, match=r"'blocks\.0\.conv1\.weight' is no parameter of STTFormer"):
        from_official({"blocks.0.conv1.weight": torch.zeros(1)})
