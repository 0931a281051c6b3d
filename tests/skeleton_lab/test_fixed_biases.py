"""Biases whose effect a BatchNorm removes: which they are, and that they are not trained."""

from types import SimpleNamespace

import pytest
import torch
from stopped_runs import before_step, die, run_finetuning
from torch.nn import functional as F

from skeleton_baselines import STGCN, STGCNConfig
from skeleton_data import ClipBatch
from skeleton_lab.errors import InputError
from skeleton_lab.runs.folder import RunConfig
from skeleton_lab.training import optimizer_step
from skeleton_lab.training.batch_norm import biases_before_norm
from skeleton_lab.training.distributed import set_up_distributed
from skeleton_lab.training.optimizer import Adam, AdamW
from skeleton_lab.training.optimizer_step import OptimizerStep
from skeleton_lab.training.plan import FinetuneTraining, Plan
from skeleton_lab.training.schedule import MultiStep
from skeletonmae import SkeletonMAE, SkeletonMAEConfig
from sttformer import STTFormer, STTFormerConfig

SHAPE = {"width": 4, "blocks": [(4, 2), (6, 2)], "heads": 2, "joints": 5, "tuple_frames": 2}


def sttformer():
    model = STTFormer(STTFormerConfig(**SHAPE, num_classes=3))
    return model, model, 5


def stgcn():
    model = STGCN(STGCNConfig(width=2, dropout=0, num_classes=3))
    return model, model, 25


def skeletonmae():
    decoder = {"width": 8, "depth": 1, "qk_channels": 2}
    model = SkeletonMAE(SkeletonMAEConfig(encoder=SHAPE, decoder=decoder))
    return model, lambda x: model(x, generator=torch.arange(len(x))).prediction, 5


@pytest.mark.parametrize("build", [sttformer, stgcn, skeletonmae])
def test_they_are_those_without_effect(build):
    """A bias that is moved changes what the model answers in training, unless it is one of them."""
    torch.manual_seed(0)
    model, call, joints = build()
    model.double()
    fixed = {id(bias) for bias in biases_before_norm(model)}
    x = torch.randn(2, 3, 4, joints, 2, dtype=torch.double)
    before = call(x)
    assert fixed
    for name, bias in model.named_parameters():
        if name.endswith(".bias"):
            moved = bias.detach().clone()
            bias.data += torch.randn_like(bias)
            assert torch.allclose(call(x), before) == (id(bias) in fixed), name
            bias.data = moved


def small():
    torch.manual_seed(0)
    return STTFormer(STTFormerConfig(**{**SHAPE, "joints": 1, "tuple_frames": 1}, num_classes=3))


def train(model, folder, optimizer, **training):
    """Take three steps."""
    plan = Plan(steps=3, steps_per_epoch=3, batch_size=7, eval_every=3)
    recipe = SimpleNamespace(
        optimizer=optimizer,
        schedule=MultiStep(milestones=()),
        training=FinetuneTraining(batch_size=7, **training),
        run=RunConfig(folder=folder / "run", tracker="none"),
    )
    step = OptimizerStep(set_up_distributed(recipe, plan), model, recipe, plan)
    model.train(not recipe.training.evaluation_mode)
    for number in range(plan.steps):
        batch = ClipBatch(torch.randn(7, 3, 2, 1, 2), torch.arange(7) % 3, torch.arange(7))
        step.take(
            batch,
            lambda part: {"loss": F.cross_entropy(step.model(part.joints), part.label)},
            number=number,
        )


@pytest.mark.parametrize("optimizer", [Adam(lr=0.1), AdamW(lr=0.1, decay_vectors=False)])
def test_they_stay_and_have_no_part_in_the_gradient(tmp_path, optimizer):
    if not optimizer.decay_vectors:
        pytest.importorskip("timm")
    model = small()
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    fixed = {id(bias) for bias in biases_before_norm(model)}
    train(model, tmp_path, optimizer, gradient_accumulation_steps=2)
    for name, weights in model.named_parameters():
        assert torch.equal(weights, before[name]) == (id(weights) in fixed), name
        assert weights.grad is None


def test_they_are_trained_where_batch_norm_is_in_evaluation_mode(tmp_path):
    model = small()
    before = [bias.clone() for bias in biases_before_norm(model)]
    train(model, tmp_path, Adam(lr=0.1), evaluation_mode=True)
    assert not any(torch.equal(*pair) for pair in zip(biases_before_norm(model), before, strict=True))


def test_a_checkpoint_of_an_optimizer_that_trained_them_is_refused(finetune_recipe, tmp_path, monkeypatch):
    """As earlier versions saved it; its states would go to other weights."""
    where = ("--run.folder", str(tmp_path / "run"))
    with monkeypatch.context() as earlier, before_step(4, die), pytest.raises(KeyboardInterrupt):
        earlier.setattr(optimizer_step, "biases_before_norm", lambda model: [])
        run_finetuning(finetune_recipe, *where)
    with pytest.raises(InputError, match="step-0000"):
        run_finetuning(finetune_recipe, *where, "--run.resume")
