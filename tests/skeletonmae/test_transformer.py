"""The plain transformer: a slow reference, tokens that cannot be seen, and its use as a classifier."""

import pytest
import torch
from einops import rearrange
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from skeletonmae import Transformer, TransformerConfig
from sttformer import load_weights

FRAMES, JOINTS, PERSONS, TOKEN = 8, 5, 2, 4
SHAPE = dict(frames=FRAMES, joints=JOINTS, token_frames=TOKEN, width=12, depth=2, heads=3, mlp_ratio=2)


def make_model(**changes):
    torch.manual_seed(0)
    return Transformer(TransformerConfig(**{**SHAPE, **changes})).double()


def make_clips(clips=4):
    x = torch.randn(clips, 3, FRAMES, JOINTS, PERSONS, dtype=torch.float64)
    x[1:, ..., 1] = 0
    return x


def make_bodies(bodies=3):
    return torch.randn(bodies, FRAMES, JOINTS, 3, dtype=torch.float64)


def make_visible(bodies=3, count=4):
    scores = torch.rand(bodies, FRAMES // TOKEN * JOINTS)
    return (scores.argsort(1).argsort(1) < count).view(bodies, FRAMES // TOKEN, JOINTS)


def reference(model, body, tokens):
    """Features of the tokens (time, joint) of one body (T, V, C), written out."""
    rows = [
        model.embed(body[time * TOKEN : (time + 1) * TOKEN, joint].flatten())
        + model.temporal_positions[time, 0]
        + model.joint_positions[joint]
        for time, joint in tokens
    ]
    x = torch.stack(rows)
    for block in model.blocks:
        y = block.norm1(x)
        heads = []
        weights = [part.chunk(3) for part in block.self_attn.in_proj_weight.chunk(3)]
        biases = [part.chunk(3) for part in block.self_attn.in_proj_bias.chunk(3)]
        for head in range(3):
            q, k, v = (y @ w[head].T + b[head] for w, b in zip(weights, biases, strict=True))
            heads.append((q @ k.T / 2).softmax(-1) @ v)  # four channels a head
        x = x + block.self_attn.out_proj(torch.cat(heads, -1))
        x = x + block.linear2(F.gelu(block.linear1(block.norm2(x))))
    return model.norm(x)


def test_visible_tokens_equal_the_reference():
    model, x, visible = make_model(), make_bodies(), make_visible()
    rows = rearrange(model.encode_visible(x, visible), "(b l) c -> b l c", b=3)
    for body, places, features in zip(x, visible, rows, strict=True):
        torch.testing.assert_close(features, reference(model, body, places.nonzero().tolist()))


@pytest.mark.parametrize("training", [True, False])
def test_nothing_masked_equals_dense(training):
    model, x = make_model().train(training), make_clips()
    bodies = rearrange(x, "n c t v m -> (n m) t v c")
    rows = model.encode_visible(bodies, torch.ones(8, FRAMES // TOKEN, JOINTS, dtype=torch.bool))
    dense = rearrange(model.forward_features(x), "n c t v m -> (n m t v) c")
    torch.testing.assert_close(rows, dense)
    pooled = rearrange(rows, "(n l) c -> n l c", n=4).mean(1)
    torch.testing.assert_close(model(x), pooled)


def test_masked_values_cannot_be_seen():
    model, x, visible = make_model(), make_bodies(), make_visible()
    seen = visible.repeat_interleave(TOKEN, 1)[..., None]
    rows = model.encode_visible(torch.where(seen, x, torch.nan), visible)
    torch.testing.assert_close(rows, model.encode_visible(x, visible), rtol=0, atol=0)
    rows.square().sum().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_weights_of_the_encoder_are_those_of_the_classifier(tmp_path):
    encoder = make_model().float()
    encoder.save_pretrained(tmp_path)
    classifier = Transformer.from_pretrained(tmp_path)
    classifier.load_state_dict(encoder.state_dict(), strict=True)
    x = make_clips().float()
    torch.testing.assert_close(classifier.eval()(x), encoder.eval()(x))
    classifier.reset_classifier(7)
    assert classifier(x).shape == (4, 7)
    with pytest.raises(ValueError, match=r"joint_positions is \(5, 12\), the model's \(6, 12\)"):
        Transformer.from_pretrained(tmp_path, config=TransformerConfig(**{**SHAPE, "joints": 6}))
    with pytest.raises(ValueError, match=r"head\.bias is foreign"):
        load_weights(encoder, classifier.state_dict(), source="classifier")


def test_a_head_by_joint():
    model, x = make_model(pool="by_joint").eval(), make_clips()
    model.reset_classifier(3)
    features = model.double().forward_features(x)
    assert model.head_hidden_size == features.shape[1] * features.shape[3]
    pooled = model.forward_head(features, pre_logits=True)
    torch.testing.assert_close(model.get_classifier()(pooled), model(x))
    torch.testing.assert_close(pooled.unflatten(1, (features.shape[3], -1)), features.mean((2, 4)).mT)


def test_drop_path_skips_blocks_in_training_alone():
    model, x = make_model(drop_path=0.9), make_clips()
    assert not torch.equal(model(x), model(x))
    plain = make_model()
    torch.testing.assert_close(model.eval()(x), plain.eval()(x))


def test_second_derivatives_without_fused_attention():
    model, x = make_model(), make_clips().requires_grad_()
    with sdpa_kernel(SDPBackend.MATH):
        (first,) = torch.autograd.grad(model(x).square().sum(), x, create_graph=True)
    assert first[1:, ..., 1].any()  # absent bodies
    first.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.embed.parameters())


def test_learning_rates_decay_layer_by_layer():
    optim = pytest.importorskip("timm.optim", reason="needs timm")
    model = make_model(num_classes=3)
    groups = optim.param_groups_layer_decay(
        model, layer_decay=0.5, no_weight_decay_list=model.no_weight_decay(), weight_decay=0.05
    )
    of = {id(parameter): group for group in groups for parameter in group["params"]}
    for name, layer in {"embed": 0, "temporal_positions": 0, "blocks.0": 1, "blocks.1": 2, "head": 3}.items():
        for parameter_name, parameter in model.named_parameters():
            if parameter_name.startswith(name):
                assert of[id(parameter)]["lr_scale"] == 0.5 ** (3 - layer), parameter_name
    assert of[id(model.joint_positions)]["weight_decay"] == 0


def test_parts_that_do_not_divide():
    with pytest.raises(ValueError, match="frames must be a multiple of token_frames, got 10 and 4"):
        TransformerConfig(frames=10)
    with pytest.raises(ValueError, match="width must be a multiple of heads, got 12 and 8"):
        TransformerConfig(width=12)


@pytest.mark.parametrize(
    ("x", "visible", "message"),
    [
        (make_bodies()[:, :4], make_visible(), "4 frames, the model 8"),
        (make_bodies()[:, :, :4], make_visible(), "4 joints, the model 5"),
        (make_bodies(), make_visible()[:, :1], r"visible must be boolean \(3, 2, 5\), .*\(3, 1, 5\)"),
        (make_bodies(), make_visible().float(), "visible must be boolean"),
        (make_bodies(), make_visible(count=0), "a mask that hides all"),
        (
            make_bodies(),
            torch.arange(30).view(3, 2, 5) < 13,
            "in every clip, got 0 to 10",
        ),
        (make_bodies() * torch.nan, make_visible(), "finite where visible"),
    ],
)
def test_bad_input(x, visible, message):
    with pytest.raises(ValueError, match=message):
        make_model().encode_visible(x, visible)


def test_bad_clips():
    with pytest.raises(ValueError, match=r"x must be \(N, C, T, V, M\), got shape"):
        make_model()(make_clips()[..., 0])


def test_the_whole_model_is_one_graph_for_any_number_of_clips():
    """Absent bodies are computed there, with the same results."""
    model = make_model(num_classes=3).eval()
    clips = torch.export.Dim("clips", min=1, max=64)
    exported = torch.export.export(model, (make_clips(),), dynamic_shapes={"x": {0: clips}}).module()
    for number in (1, 3, 7):
        x = make_clips(number)
        torch.testing.assert_close(exported(x), model(x))
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), model(x))
    torch.compiler.reset()


def test_gradients_of_each_clip_by_vmap():
    """As torch.func takes them, with an absent body among those of some clips, too."""
    model, x = make_model(num_classes=2), make_clips(3)
    weights = dict(model.named_parameters())

    def value(weights, clip):
        return functional_call(model, weights, clip[None]).square().sum()

    with sdpa_kernel(SDPBackend.MATH):
        found = vmap(grad(value), (None, 0))(weights, x)
        for number, clip in enumerate(x):
            alone = torch.autograd.grad(value(weights, clip), list(weights.values()))
            for name, expected in zip(weights, alone, strict=True):
                torch.testing.assert_close(found[name][number], expected, msg=name)
