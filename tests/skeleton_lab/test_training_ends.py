"""How training goes and ends: losses that are not finite, precision, dry runs, what cannot be done."""

import json
import sys
import tomllib

import pytest
import torch

from skeleton_lab import contrast, finetune, pretrain
from skeleton_lab.errors import InputError, NotFiniteError
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.training.optimizer_step import OptimizerStep


def run_finetuning(recipe, *arguments):
    config = read_recipe(finetune.FinetuneConfig, [str(recipe), *arguments], program="finetune")
    return finetune.run(config, bar={"disable": True})


@pytest.fixture
def poison(monkeypatch):
    """Loss that is not a number in some step."""

    def poison(number):
        def poisoned_take(self, batch, loss, **options):
            def poisoned(part):
                values = loss(part)
                return {**values, "loss": values["loss"] * (torch.nan if len(steps) == number else 1)}

            steps.append(None)
            return take(self, batch, poisoned, **options)

        steps, take = [], OptimizerStep.take
        monkeypatch.setattr(OptimizerStep, "take", poisoned_take)

    return poison


def rows(folder, split):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["split"] == split]


def test_a_loss_that_is_not_finite_ends_a_run_behind_its_last_checkpoint(finetune_recipe, tmp_path, poison):
    poison(5)
    with pytest.raises(NotFiniteError) as ended:
        run_finetuning(finetune_recipe)
    said = str(ended.value)
    assert "in step 5 the loss is nan, the gradient's norm nan, at a learning rate of " in said
    assert said.count("tiny.store/clip") == 12
    folder = tmp_path / "finetuned"
    assert [path.name for path in (folder / "checkpoints").glob("step-*")] == ["step-000000003"]
    assert run_finetuning(finetune_recipe, "--run.resume").steps == 9  # it was an accident


def test_a_loss_that_is_not_finite_is_skipped_if_asked(finetune_recipe, tmp_path, poison):
    poison(5)
    result = run_finetuning(finetune_recipe, "--training.nonfinite", "skip")
    (skipped,) = rows(result.folder, "skipped")
    assert (skipped["step"], len(skipped["clips"])) == (5, 12)
    assert result.test.clips == 48
    assert all(torch.isfinite(torch.tensor(row["loss"])) for row in rows(result.folder, "train"))


def test_mixed_precision(finetune_recipe, tmp_path):
    short = ("--training.epochs", "1", "--run.tracker", "none", "--run.folder")
    whole = run_finetuning(finetune_recipe, *short, str(tmp_path / "float32"))
    expected = [row["loss"] for row in rows(whole.folder, "train") + rows(whole.folder, "validation")]
    half = run_finetuning(finetune_recipe, *short, str(tmp_path / "bf16"), "--training.precision", "bf16")
    losses = [row["loss"] for row in rows(half.folder, "train") + rows(half.folder, "validation")]
    assert losses == pytest.approx(expected, rel=0.05)
    assert losses != expected
    assert (whole.precision, half.precision) == ("no", "bf16")


def test_what_cannot_be_done_is_said_before_anything_is_written(finetune_recipe, tmp_path):
    cases = {
        ("--run.tracker", "wandb"): r"^run.tracker: wandb is not installed \(pip install wandb\)$",
        ("--run.tracker", "mlflow"): "mlflow is not installed",
        ("--training.precision", "fp16"): "training.precision is fp16",
        (
            "--training.gradient_accumulation_steps",
            "13",
        ): "batch_size is 12, .*accumulation_steps .13",
        (
            "--optimizer.kind",
            "timm",
            "--optimizer.name",
            "sdg",
        ): "optimizer.name: timm has no .*'sdg'",
    }
    for arguments, line in cases.items():
        with pytest.raises(InputError, match=line):
            run_finetuning(finetune_recipe, *arguments)
        assert not (tmp_path / "finetuned").exists(), arguments


@pytest.mark.parametrize("app", [pretrain, finetune, contrast])
def test_a_dry_run_says_what_the_run_would_be_and_writes_nothing(app, request, tmp_path, monkeypatch, capsys):
    name = app.__name__.removeprefix("skeleton_lab.")
    recipe = request.getfixturevalue(f"{name}_recipe")
    monkeypatch.setattr(sys, "argv", [name, str(recipe), "--dry_run", "--training.ema", "0.9"])
    before = set(tmp_path.iterdir())
    app.main()
    assert set(tmp_path.iterdir()) == before
    described, _, summary = capsys.readouterr().out.partition("folder:")
    resolved = tomllib.loads(described)
    assert resolved["training"]["ema"] == 0.9
    assert resolved["data"]["sampling"]["frames"] == 8
    assert "9 of 12 clips; 3 an epoch; validation and checkpoint every 3" in summary
    assert "parameters:  " in summary
    assert "GiB a process in float32" in summary
