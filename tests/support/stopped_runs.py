"""Fine-tunings that are stopped before a step, and what they come to."""

from contextlib import contextmanager

import pytest

from skeleton_lab import finetune
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.training.optimizer_step import OptimizerStep


def run_finetuning(recipe, *arguments):
    config = read_recipe(finetune.FinetuneConfig, [str(recipe), *arguments], program="finetune")
    return finetune.run(config, bar={"disable": True})


def answers(folder):
    """What must be the same to the last bit."""
    names = ("classifier/model.safetensors", "metrics.jsonl", "labels.json")
    return {name: (folder / name).read_bytes() for name in names}


@contextmanager
def before_step(number, act):
    """Let something happen before a step."""
    take = OptimizerStep.take

    def act_and_take(*arguments, **options):
        if options["number"] == number:
            act()
        return take(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OptimizerStep, "take", act_and_take)
        yield


def die():
    raise KeyboardInterrupt
