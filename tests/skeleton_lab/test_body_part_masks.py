"""Masks of body parts, which a recipe may leave to the layout of its data."""

import numpy as np
import pytest

from skeleton_data import StoreWriter, layout
from skeleton_lab import pretrain
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe

OF_THE_LAYOUT = ("--mask.kind", "body_part", "--mask.parts", "layout", "--mask.tube_frames", "2")


def read(recipe, *arguments):
    shortcuts = pretrain.MASK_SHORTCUTS
    return read_recipe(
        pretrain.PretrainConfig, [str(recipe), *arguments], program="pretrain", shortcuts=shortcuts
    )


def test_parts_are_those_of_the_layout(pretrain_recipe):
    config = read(pretrain_recipe, *OF_THE_LAYOUT)
    resolved = config.resolved(config.data.open()).model.mask
    assert resolved.parts == tuple(layout("kinect_v1").parts.values())
    assert resolved == config.model.mask.model_copy(update={"parts": resolved.parts})
    assert sorted(joint for part in resolved.parts for joint in part) == list(range(20))


def test_parts_that_are_given_stay(pretrain_recipe):
    given = ((*range(10),), (*range(10, 20),))
    config = read(pretrain_recipe, "--mask.kind", "body_part", "--mask.parts", str(list(map(list, given))))
    assert config.resolved(config.data.open()).model.mask.parts == given


def test_a_layout_without_parts_is_named(pretrain_recipe, tmp_path):
    bare = layout("kinect_v1").model_copy(update={"parts": {}, "name": "bare"})
    with StoreWriter(tmp_path / "bare", layout=bare, class_names=["a"], fps=30) as writer:
        for subject in range(1, 9):
            body = np.random.default_rng(subject).normal(size=(20, 1, 20, 3))
            writer.add(body, name=f"{subject}", label=0, subject=subject)
    sources = f'[{{"store": "{tmp_path / "bare"}", "protocol": "odd-subjects"}}]'
    config = read(pretrain_recipe, *OF_THE_LAYOUT, "--data.sources", sources)
    with pytest.raises(InputError, match=r"model\.mask\.parts .* bare "):
        config.resolved(config.data.open())
