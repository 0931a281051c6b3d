"""Steps of training against the same steps written out, and what a run does when one goes wrong."""

import sys
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from skeleton_data import ClipBatch
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.reconstruction import count_bodies
from skeleton_lab.runs.folder import RunConfig
from skeleton_lab.training.batch_norm import _SynchronisedBatchNorm, synchronise_batch_norm
from skeleton_lab.training.distributed import set_up_distributed
from skeleton_lab.training.optimizer import SGD, Adam, AdamW, Timm
from skeleton_lab.training.optimizer_step import OptimizerStep
from skeleton_lab.training.plan import Plan, TrainingConfig
from skeleton_lab.training.schedule import Cosine, MultiStep
from skeletonmae import SkeletonMAE, SkeletonMAEConfig
from sttformer import STTFormer, STTFormerConfig
from sttformer.norm import TokenBatchNorm

PLAN = Plan(steps=6, steps_per_epoch=3, batch_size=7, eval_every=3)


def steps(tmp_path, optimizer=None, schedule=None, **training):
    """A recipe of six steps."""
    return SimpleNamespace(
        optimizer=optimizer or SGD(lr=0.1, weight_decay=0, momentum=0, nesterov=False),
        schedule=schedule or MultiStep(milestones=()),
        training=TrainingConfig(batch_size=7, **training),
        run=RunConfig(folder=tmp_path / "run", tracker="none"),
    )


def optimizer_step(model, tmp_path, **fields):
    recipe = steps(tmp_path, **fields)
    return OptimizerStep(set_up_distributed(recipe, PLAN), model, recipe, PLAN)


def linear():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(6, 3))


def batches(steps=6):
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        joints = torch.randn(7, 3, 1, 1, 2, generator=generator)
        joints[::3, ..., 1] = 0  # three clips of one body
        labels = torch.randint(3, (7,), generator=generator)
        yield ClipBatch(joints, labels, torch.arange(7), joints[:, 0] != 0)


def losses(model, part):
    return {"loss": F.cross_entropy(model(part.joints), part.label)}


def both_losses(model, part):
    return {**losses(model, part), "twice": 2 * losses(model, part)["loss"]}


@pytest.mark.parametrize("accumulate", [1, 2, 3])
def test_steps_are_those_of_a_plain_loop(tmp_path, accumulate):
    schedule, plain = Cosine(warmup=0.4), linear()
    learning = optimizer_step(
        linear(), tmp_path, schedule=schedule, gradient_accumulation_steps=accumulate, max_grad_norm=0.5
    )
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
    for number, batch in enumerate(batches()):
        step = learning.take(batch, partial(both_losses, learning.model), number=number)

        loss = losses(plain, batch)["loss"]
        loss.backward()
        norm = nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
        optimizer.param_groups[0]["lr"] = 0.1 * schedule.factor(number, 6)
        optimizer.step()
        optimizer.zero_grad()

        torch.testing.assert_close(step.values, torch.stack([loss, 2 * loss, norm]))
        assert list(step.terms) == ["loss", "twice"]
        assert step.learning_rate == pytest.approx(optimizer.param_groups[0]["lr"])
    for ours, theirs in zip(learning.eval_model().parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_parts_weigh_what_the_loss_is_a_mean_over(tmp_path):
    learning, batch = optimizer_step(linear(), tmp_path, gradient_accumulation_steps=3), next(batches())
    assert count_bodies(batch) == 7 + 4
    counts = []

    def mean_over_bodies(part):
        counts.append(int(count_bodies(part)))
        mean = part.joints[part.joints != 0].sum() / counts[-1]
        return {"loss": mean * sum(weights.sum() for weights in learning.model.parameters())}

    step = learning.take(batch, mean_over_bodies, number=0, count=count_bodies)
    assert sum(counts) == 11
    assert len(set(counts)) > 1
    whole = batch.joints.sum() / 11
    sums = sum(weights.sum() for weights in linear().parameters())
    torch.testing.assert_close(step.terms["loss"], whole * sums.detach())


def test_the_average_is_that_of_a_loop_and_is_what_is_evaluated(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(6), nn.Linear(6, 3))
    learning, averages = optimizer_step(model, tmp_path, ema=0.75), None
    for number, batch in enumerate(batches()):
        learning.take(batch, partial(losses, learning.model), number=number)
        state = {
            name: value.clone() for name, value in model.state_dict().items() if value.is_floating_point()
        }
        old = averages or state
        averages = {name: 0.75 * old[name] + 0.25 * value for name, value in state.items()}
    evaluated = learning.eval_model()
    assert evaluated is not model
    for name, value in averages.items():
        torch.testing.assert_close(evaluated.state_dict()[name], value, msg=name)
    assert evaluated[1].num_batches_tracked == model[1].num_batches_tracked > 1


def test_a_step_that_is_skipped_leaves_weights_statistics_and_average_alone(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(6), nn.Linear(6, 3))
    learning = optimizer_step(model, tmp_path, nonfinite="skip", ema=0.5)
    for number, batch in enumerate(batches(2)):
        before = {name: value.clone() for name, value in model.state_dict().items()}
        batch = batch._replace(joints=batch.joints * (torch.inf if number else 1))
        step = learning.take(batch, partial(losses, learning.model), number=number)
        same = all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
        assert same == (not step.values.isfinite().all()) == bool(number)
    assert all(value.isfinite().all() for value in learning.eval_model().state_dict().values())


def rates(config, model):
    groups = config.build(model).param_groups
    names = {id(weights): name for name, weights in model.named_parameters()}
    return {
        names[id(weights)]: (group.get("lr_scale", 1), group["weight_decay"])
        for group in groups
        for weights in group["params"]
    }


def test_layers_have_rates_of_their_own_and_vectors_no_decay():
    model = STTFormer(STTFormerConfig(width=8, blocks=[(8, 2), (16, 4)], tuple_frames=2, num_classes=3))
    plain = rates(AdamW(), model)
    assert plain.keys() == dict(model.named_parameters()).keys()
    assert set(plain.values()) == {(1, 0.05)}
    layers = rates(AdamW(layer_decay=0.5), model)
    expected = {"embed.": 0.125, "embed_norm": 0.125, "blocks.0": 0.25, "blocks.1": 0.5, "head": 1}
    for name, (scale, decay) in layers.items():
        assert scale == next(value for prefix, value in expected.items() if name.startswith(prefix)), name
        assert decay == 0.05
    for both in (
        rates(AdamW(layer_decay=0.5, decay_vectors=False), model),
        rates(Adam(decay_vectors=False), model),
    ):
        undecayed = {name for name, (_, decay) in both.items() if not decay}
        vectors = {name for name, weights in model.named_parameters() if weights.ndim == 1}
        assert undecayed == vectors | model.no_weight_decay()


def test_what_an_encoder_exempts_from_decay_is_found_within_a_model():
    model = SkeletonMAE(
        SkeletonMAEConfig(
            encoder={"width": 8, "blocks": [(8, 2)], "tuple_frames": 2},
            decoder={"width": 8, "depth": 1, "qk_channels": 2},
        )
    )
    assert rates(AdamW(decay_vectors=False), model)["encoder.blocks.0.attention_bias"] == (1, 0)
    with pytest.raises(InputError, match=r"layer_decay is 0.5, but SkeletonMAE"):
        AdamW(layer_decay=0.5).build(model)


def test_layers_that_timm_cannot_tell_apart_are_refused():
    class OneLayer(nn.Linear):
        def group_matcher(self, coarse=False):
            return {"stem": r"."}

    with pytest.raises(InputError, match=r"layer_decay is 0\.5"):
        AdamW(layer_decay=0.5).build(OneLayer(2, 2))


def test_optimisers_of_timm(monkeypatch):
    model = linear()
    assert type(Timm(name="lamb", lr=0.5).build(model)).__name__ == "Lamb"
    with pytest.raises(InputError, match=r"optimizer\.name: .*'lambada'.*lamb"):
        Timm(name="lambada").build(model)
    monkeypatch.setitem(sys.modules, "timm.optim", None)
    with pytest.raises(InputError, match=r"^optimizer.kind: timm is not installed \(pip install timm\)$"):
        Timm().build(model)


@pytest.mark.parametrize(("norm", "shape"), [(nn.BatchNorm1d(4), (5, 4)), (nn.BatchNorm2d(4), (5, 4, 3, 2))])
def test_a_batch_norm_that_takes_part_is_the_same_layer(norm, shape):
    model = nn.Sequential(norm, TokenBatchNorm(4))
    nn.init.normal_(norm.weight)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    x = torch.randn(shape)
    expected, running_var = norm(x), norm.running_var.clone()
    model.load_state_dict(before)
    synchronise_batch_norm(model)
    assert isinstance(model[0], _SynchronisedBatchNorm)
    assert model[0].synchronised and model[1].synchronised
    assert model.state_dict().keys() == before.keys()
    assert model[0].weight is norm.weight
    torch.testing.assert_close(model[0](x), expected)
    torch.testing.assert_close(model[0].running_var, running_var)


@pytest.mark.parametrize(("compiled", "backend"), [(True, "INDUCTOR"), (False, "NO")])
def test_compilation_is_accelerates(tmp_path, compiled, backend):
    assert set_up_distributed(steps(tmp_path, compile=compiled), PLAN).state.dynamo_plugin.backend == backend


@pytest.mark.parametrize(
    ("times", "precision", "warned"), [(30, "bf16", True), (0.6, "bf16", False), (30, "no", False)]
)
def test_bfloat16_is_warned_of_where_the_cpu_is_slow_in_it(
    tmp_path, capsys, monkeypatch, times, precision, warned
):
    monkeypatch.setattr("skeleton_lab.training.precision.bfloat16_time", lambda: times)
    set_up_distributed(steps(tmp_path, precision=precision), PLAN)
    assert ("training.precision" in capsys.readouterr().err) is warned
