"""ST-GCN against the published code, its parameter names, and other layouts."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skeleton_baselines import STGCN, STGCNConfig, from_official, spatial_graph, to_official

SMALL = STGCNConfig(width=2, num_features=8, dropout=0.0)


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, np.ndarray]:
    with np.load(shared / "golden" / "stgcn_small.npz", allow_pickle=False) as file:
        return dict(file)


@pytest.fixture
def published(golden: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name[6:]: torch.from_numpy(golden[name]) for name in golden if name.startswith("state/")}


def build(golden: dict[str, np.ndarray]) -> STGCN:
    config = json.loads(str(golden["config"]))
    return STGCN(
        STGCNConfig(
            channels=config["in_channels"],
            width=config["hidden_channels"],
            num_features=config["hidden_dim"],
            num_classes=config["num_class"],
            dropout=0.0,
        )
    )


def test_default_graph_equals_the_published_one(published: dict[str, Tensor]) -> None:
    config = STGCNConfig()
    assert torch.equal(spatial_graph(config.edges, joints=25, centre=20), published["A"])


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_logits_equal_the_published_ones(
    golden: dict[str, np.ndarray], published: dict[str, Tensor], mode: str
) -> None:
    model = build(golden).double().train(mode == "train")
    model.load_state_dict(from_official(published))
    expected = torch.from_numpy(golden[f"logits_{mode}"])
    with torch.no_grad():
        logits = model(torch.from_numpy(golden["x"]).double())
    assert (logits - expected).norm() / expected.norm() < 1e-12


def test_names_translate_both_ways(golden: dict[str, np.ndarray], published: dict[str, Tensor]) -> None:
    model = build(golden)
    assert from_official(published).keys() == model.state_dict().keys()
    back = to_official(from_official(published))
    assert back.keys() == published.keys()
    assert all(back[name] is published[name] for name in published)


def test_an_encoder_is_taken_out_of_a_contrastive_checkpoint() -> None:
    model = STGCN(SMALL)
    checkpoint = {f"encoder_q.{name}": value for name, value in to_official(model.state_dict()).items()}
    checkpoint |= {"encoder_q.fc.2.weight": torch.ones(128, 256), "queue": torch.ones(128, 32768)}
    other = STGCN(SMALL)
    other.load_state_dict(from_official(checkpoint, prefix="encoder_q.", head=False))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_refuses_foreign_names() -> None:
    with pytest.raises(ValueError, match=r"'l1\.weight' is no parameter of the published ST-GCN"):
        from_official({"l1.weight": torch.ones(1)})
    with pytest.raises(ValueError, match=r"'fc\.0\.weight' is no parameter of the published ST-GCN"):
        from_official({"fc.0.weight": torch.ones(1)})
    with pytest.raises(ValueError, match=r"begins with prefix 'encoder_q\.', they begin with A\., data_bn\."):
        from_official({"A": torch.ones(1), "data_bn.bias": torch.ones(1)}, prefix="encoder_q.")
    with pytest.raises(ValueError, match=r"'embed\.weight' is no parameter of STGCN"):
        to_official({"embed.weight": torch.ones(1)})


def slow_graph_conv(conv: nn.Module, x: Tensor, adjacency: Tensor) -> Tensor:
    """Equation 10 of the paper, one pair of joints after another."""
    batch, _, frames, joints = x.shape
    weight = conv.mix.weight[:, :, 0, 0].unflatten(0, (len(adjacency), -1))
    bias = conv.mix.bias.unflatten(0, (len(adjacency), -1))
    y = x.new_zeros(batch, weight.shape[1], frames, joints)
    for k in range(len(adjacency)):
        for v in range(joints):
            for w in range(joints):
                share = adjacency[k, v, w] * conv.edge_weight[k, v, w]
                message = torch.einsum("oc,bct->bot", weight[k], x[..., v]) + bias[k][None, :, None]
                y[..., w] += share * message
    return y


def test_graph_convolution_equals_loops() -> None:
    model = STGCN(STGCNConfig(joints=4, edges=((0, 1), (1, 2), (1, 3)), centre=1, width=3)).double()
    conv = model.blocks[1].spatial
    nn.init.normal_(conv.edge_weight)
    nn.init.normal_(conv.mix.bias)
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    torch.testing.assert_close(conv(x, model.adjacency), slow_graph_conv(conv, x, model.adjacency))


def test_any_layout_trains() -> None:
    # 20 joints as Kinect v1 has them, one body, frames that no stride divides.
    chain = tuple((joint, joint - 1) for joint in range(1, 20))
    model = STGCN(STGCNConfig(joints=20, edges=chain, centre=1, width=2, num_features=8, num_classes=27))
    logits = model(torch.randn(3, 3, 13, 20, 1))
    F.cross_entropy(logits, torch.tensor([0, 5, 26])).backward()
    assert logits.shape == (3, 27)
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_features_and_head_make_the_model() -> None:
    model = STGCN(SMALL.model_copy(update={"num_classes": 5})).eval()
    x = torch.randn(2, 3, 20, 25, 2)
    features = model.forward_features(x)
    assert features.shape == (2, 8, 5, 25, 2)
    assert torch.equal(model(x), model.forward_head(features))
    torch.testing.assert_close(model.forward_head(features, pre_logits=True), features.mean(dim=(2, 3, 4)))
    model.reset_classifier(0)
    assert model(x).shape == (2, model.num_features) == (2, 8)
    model.double().reset_classifier(7)
    assert model(x.double()).shape == (2, model.config.num_classes) == (2, 7)


def test_weights_travel_with_their_config(tmp_path: Path) -> None:
    chain = ((0, 1), (1, 2), (2, 3))
    model = STGCN(STGCNConfig(joints=4, edges=chain, centre=1, width=2, num_features=8, num_classes=5)).eval()
    model.save_pretrained(tmp_path)
    assert {"config.json", "model.safetensors"} <= {path.name for path in tmp_path.iterdir()}
    loaded = STGCN.from_pretrained(tmp_path)
    assert (loaded.config, loaded.training) == (model.config, False)
    x = torch.randn(2, 3, 12, 4, 1)
    assert torch.equal(loaded(x), model(x))

    loaded.reset_classifier(0)
    loaded.save_pretrained(tmp_path / "encoder")
    assert torch.equal(
        STGCN.from_pretrained(tmp_path / "encoder")(x),
        model.forward_head(model.forward_features(x), pre_logits=True),
    )
    config = json.loads((tmp_path / "config.json").read_text())
    config["config"]["width"] = 3
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"holds no STGCN: .*size mismatch"):
        STGCN.from_pretrained(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize(
    "content", [None, b"", b"null", b"\xff", b"[" * 100_000, b'{"config": {"width": 0}}']
)
def test_every_damage_is_the_same_error(tmp_path: Path, name: str, content: bytes | None) -> None:
    STGCN(SMALL).save_pretrained(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=str(tmp_path)):
        STGCN.from_pretrained(tmp_path)


def test_clips_do_not_depend_on_each_other_nor_bodies_on_their_order() -> None:
    model = STGCN(SMALL).eval()
    x = torch.randn(3, 3, 12, 25, 2)
    torch.testing.assert_close(model(x)[1:2], model(x[1:2]))
    torch.testing.assert_close(model(x.flip(4)), model(x))


@pytest.mark.parametrize(("width", "millions"), [(64, 3.10), (16, 0.84)])
def test_published_widths_have_their_number_of_parameters(width: int, millions: float) -> None:
    """Counted by hand from section 3.4 of the paper, ten blocks and a head for 60 classes."""
    widths = [3, *[width] * 4, *[2 * width] * 3, *[4 * width] * 2, 256]
    expected = 2 * 75 + 60 * 257
    for number, (c, o) in enumerate(pairwise(widths)):
        expected += 3 * 25 * 25 + 3 * (c * o + o) + (9 * o * o + o) + 4 * o
        if number in (4, 7) or (number == 9 and c != o):
            expected += c * o + o + 2 * o
    model = STGCN(STGCNConfig(width=width, num_classes=60))
    assert sum(parameter.numel() for parameter in model.parameters()) == expected
    assert expected / 1e6 == pytest.approx(millions, abs=0.01)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3, 20, 20, 2), "the clip has 20 joints, the model 25"),
        ((2, 2, 20, 25, 2), "the clip has 2 channels, the model 3"),
        ((2, 3, 0, 25, 2), "the clip has 0 frames"),
        ((2, 3, 20, 25, 0), "the clip has 0 bodies"),
        ((2, 3, 20, 25), r"x must be \(N, C, T, V, M\), got shape \(2, 3, 20, 25\)"),
    ],
)
def test_refuses_clips_that_do_not_fit(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        STGCN(SMALL)(torch.zeros(shape))
