"""timm's conventions, through timm's own functions."""

import pytest
import torch

timm = pytest.importorskip("timm", reason="needs sttformer[timm]")
pytest.importorskip("sttformer.timm")

from timm.optim import create_optimizer_v2, param_groups_layer_decay  # noqa: E402

import sttformer  # noqa: E402


def make_clips(joints=4):
    return torch.randn(2, 3, 10, joints, 2)


def test_sizes_are_registered():
    names = [f"sttformer_{size}" for size in sorted(sttformer.SIZES)]
    assert timm.list_models("sttformer*") == names
    assert timm.list_models("sttformer*", pretrained=True) == []


def test_create_model_is_create():
    torch.manual_seed(0)
    ours = sttformer.create("tiny", joints=4, num_classes=7, channels=2, dropout=0.1)
    torch.manual_seed(0)
    theirs = timm.create_model("sttformer_tiny", joints=4, num_classes=7, in_chans=2, drop_rate=0.1)
    assert theirs.config == ours.config
    torch.testing.assert_close(theirs.state_dict(), ours.state_dict(), rtol=0, atol=0)
    theirs.reset_classifier(3)
    assert theirs.get_classifier().out_features == 3
    assert theirs(make_clips()[:, :2]).shape == (2, 3)


def test_weights_of_a_file(tmp_path):
    model = sttformer.create("tiny", joints=4, num_classes=7).eval()
    torch.save(model.state_dict(), tmp_path / "weights.pth")
    loaded = timm.create_model(
        "sttformer_tiny", joints=4, num_classes=7, checkpoint_path=str(tmp_path / "weights.pth")
    )
    torch.testing.assert_close(loaded.eval()(x := make_clips()), model(x))


def test_features_only():
    features = timm.create_model("sttformer_tiny", joints=4, features_only=True, out_indices=(1, -1)).eval()
    x = make_clips()
    found = features(x)
    assert [f.shape for f in found] == [
        (2, channels, 10, 4, 2) for channels in features.feature_info.channels()
    ]
    torch.testing.assert_close(found[-1], features.model.forward_features(x))
    assert len(timm.create_model("sttformer_small", joints=4, features_only=True)(x)) == 6


def test_learning_rates_decay_layer_by_layer():
    model = timm.create_model("sttformer_tiny", joints=4, num_classes=7)
    groups = param_groups_layer_decay(
        model, weight_decay=0.05, no_weight_decay_list=model.no_weight_decay(), layer_decay=0.5
    )
    of = {id(parameter): group for group in groups for parameter in group["params"]}
    assert len(of) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        layer = int(name.split(".")[1]) + 1 if name.startswith("blocks") else 0 if "embed" in name else 5
        assert of[id(parameter)]["lr_scale"] == 0.5 ** (5 - layer), name
        spared = parameter.ndim < 2 or name.endswith(("alpha", "attention_bias"))
        assert of[id(parameter)]["weight_decay"] == (0 if spared else 0.05), name
    rates = {
        group["lr"] * group.get("lr_scale", 1)
        for group in create_optimizer_v2(model, opt="adamw", lr=1.0, layer_decay=0.5).param_groups
    }
    assert rates == {0.5**power for power in range(6)}


def test_an_unknown_field():
    with pytest.raises(ValueError, match="jonts"):
        timm.create_model("sttformer_tiny", jonts=4)
