"""Several parts of each clip: what `evaluate --views` averages, cut and recognised one by one."""

import numpy as np
import pytest
import torch

from skeleton_data import SkeletonStore, sample_clips
from skeleton_data.transforms.crop import view_crop
from skeleton_lab import InputError, evaluate
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import read_options
from skeleton_lab.studies.plan import plan


def run(*arguments):
    return evaluate.run(
        read_options(evaluate.EvaluateConfig, [str(each) for each in arguments], program="evaluate")
    )


def test_views_are_parts_that_a_training_could_have_met():
    frames = np.array([1, 7, 40, 300])
    for view in range(50):
        start, length = view_crop(frames, (0.5, 0.8), view)
        assert (start >= 0).all() and (start + length <= frames).all()
        assert (length >= np.maximum(1, np.floor(0.5 * frames))).all() and (
            length <= np.ceil(0.8 * frames)
        ).all()
    several = {
        (int(start[3]), int(length[3]))
        for start, length in (view_crop(frames, (0.5, 1), v) for v in range(10))
    }
    assert len(several) == 10


def test_the_answers_to_views_are_averaged(trained, store, tmp_path):
    model, opened = SavedModel.open(trained["joint"]), SkeletonStore.open(store)
    sampling = model.preprocessing.sampling
    whole = model.preprocessing.model_copy(
        update={"sampling": sampling.model_copy(update={"test_crop": 1.0})}
    )
    network, test = model.load(), np.flatnonzero(opened.index.subject % 2 == 0)
    total = torch.zeros(len(test), 3)
    for view in range(4):
        parts = []
        for clip in test:
            joints = opened.read(int(clip))
            (start,), (length,) = view_crop(np.array([len(joints)]), sampling.train_crop, view)
            parts.append(joints[start : start + length])
        with torch.no_grad():
            total += network(torch.from_numpy(sample_clips(parts, whole))).log_softmax(1) / 4
    right = (total.argmax(1).numpy() == opened.index.label[test]).mean()
    found = run(trained["joint"], "--views", 4, "--folder", tmp_path / "views").methods["classifier"]
    assert found.top1 == pytest.approx(right)
    assert run(trained["joint"], "--views", 4, "--folder", tmp_path / "again").methods["classifier"] == found


def test_an_encoder_has_no_views(trained, tmp_path):
    with pytest.raises(InputError, match=r"views is 2, but .*encoder"):
        run(trained["encoder"], "--views", 2, "--folder", tmp_path / "views")


def test_a_row_of_a_study_is_shown_in_views(study, in_repository):
    rows = '[{"name": "whole"}, {"name": "parts", "views": 3}]'
    whole, parts = plan(study("--rows", rows))
    assert whole.answer.app == "finetune"
    assert parts.answer.app == "evaluate" and parts.answer.needs == parts.learnings == whole.learnings
    assert parts.answer.arguments[parts.answer.arguments.index("--views") + 1] == "3"
