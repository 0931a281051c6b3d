"""What selects the weights of a fine-tuning: held-out clips, nothing, or, as some publish, the test side."""

import json

import pytest
from safetensors.torch import load_file

from skeleton_lab import finetune
from skeleton_lab.evaluation.comparison import compare
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.runs.results import SELECTIONS


def tuned(recipe, *options):
    """Fine-tune with looks at every step; the result, and what was looked at: side, step and accuracy."""
    options = ("--training.steps", "6", "--training.eval_every", "1", "--run.tracker", "none", *options)
    config = read_recipe(finetune.FinetuneConfig, [str(recipe), *options], program="test")
    result = finetune.run(config, bar={"disable": True})
    lines = (result.folder / "metrics.jsonl").read_text().splitlines()
    looks = [line for line in map(json.loads, lines) if "top1" in line]
    return result, looks


@pytest.mark.parametrize("select", ["validation", "test", "last"])
def test_kept_weights_are_those_that_the_selection_names(select, finetune_recipe):
    result, looks = tuned(finetune_recipe, "--training.select", select)
    *looks, answer = looks
    assert result.selected_by == select
    assert result.test.top1 == answer["top1"]
    card = (result.folder / "classifier" / "README.md").read_text()
    for shown in (card, compare([result])):
        assert [name for name, words in SELECTIONS.items() if words in shown] == [select]
    best = max(look["top1"] for look in looks)
    if select == "validation":
        assert {look["split"] for look in looks} == {"validation"}
        assert result.validation_top1 == best
    elif select == "test":
        assert {look["split"] for look in looks} == {"test"}
        assert (result.test.top1, result.validation_top1) == (best, None)
    else:
        assert result.selected_step == result.steps == 6
        assert result.validation_top1 == looks[-1]["top1"]


def test_without_held_out_clips_the_last_weights_are_kept(finetune_recipe):
    result, looks = tuned(finetune_recipe, "--data.validation", "0")
    assert (result.selected_by, result.selected_step, result.validation_top1) == ("last", 6, None)
    assert len(looks) == 1  # of the test side, at the end


def test_in_evaluation_mode_batchnorm_keeps_its_statistics(finetune_recipe):
    statistics = []
    for mode in ("--training.evaluation_mode", "--no-training.evaluation_mode"):
        result, _ = tuned(finetune_recipe, mode, "--run.folder", str(finetune_recipe.parent / mode))
        weights = load_file(result.folder / "classifier" / "model.safetensors")
        statistics.append([mean for name, mean in weights.items() if name.endswith("running_mean")])
    still, moved = statistics
    assert still and not any(mean.any() for mean in still)
    assert all(mean.any() for mean in moved)
