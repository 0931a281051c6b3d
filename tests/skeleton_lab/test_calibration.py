"""Probabilities of a classifier: error against a loop, temperature against a search."""

import json
import math
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_lab import evaluate, finetune
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.calibration import expected_calibration_error, fit_temperature, fit_threshold
from skeleton_lab.inference.recogniser import Recogniser
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import read_options, read_recipe


def slow_error(probabilities, labels, bins):
    """Groups of clips, one after the other: the definition of Guo et al."""
    total = 0.0
    for k in range(bins):
        group = [
            (max(row), row.index(max(row)) == label)
            for row, label in zip(probabilities, labels, strict=True)
            if k / bins < max(row) <= (k + 1) / bins
        ]
        if group:
            confidence = sum(sure for sure, _ in group) / len(group)
            accuracy = sum(right for _, right in group) / len(group)
            total += len(group) / len(labels) * abs(confidence - accuracy)
    return total


@given(seed=st.integers(0, 2**31), classes=st.integers(2, 6), bins=st.integers(1, 20))
def test_the_calibration_error_is_that_of_a_loop(seed, classes, bins):
    generator = torch.Generator().manual_seed(seed)
    probabilities = (3 * torch.randn(30, classes, generator=generator, dtype=torch.float64)).softmax(1)
    labels = torch.randint(classes, (30,), generator=generator)
    expected = slow_error(probabilities.tolist(), labels.tolist(), bins)
    assert expected_calibration_error(probabilities, labels, bins=bins) == pytest.approx(expected)


def smoothed_loss(scores, labels, temperature):
    """Cross-entropy of the clips and of one more, of any class."""
    logs = (scores / temperature).log_softmax(1)
    return float(-(logs.gather(1, labels[:, None]).sum() + logs.mean()) / (len(labels) + 1))


@given(seed=st.integers(0, 2**31), spread=st.floats(0.3, 10))
def test_no_other_temperature_has_a_smaller_cross_entropy(seed, spread):
    generator = torch.Generator().manual_seed(seed)
    scores = spread * torch.randn(40, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(4, (40,), generator=generator)
    best = fit_temperature(scores, labels)
    others = torch.logspace(math.log10(0.01), 2, 200).tolist()
    assert smoothed_loss(scores, labels, best) <= min(smoothed_loss(scores, labels, t) for t in others) + 1e-9


def test_scores_that_are_too_sure_get_the_temperature_that_made_them_so():
    generator = torch.Generator().manual_seed(0)
    honest = 2 * torch.randn(20000, 5, generator=generator)
    labels = torch.multinomial(honest.softmax(1), 1, generator=generator)[:, 0]
    assert fit_temperature(3 * honest, labels) == pytest.approx(3, rel=0.05)
    before, after = (
        expected_calibration_error((3 * honest / t).softmax(1), labels)
        for t in (1, fit_temperature(3 * honest, labels))
    )
    assert after < 0.02 < before


def test_a_few_clips_that_are_all_recognised_do_not_make_it_certain():
    scores, labels = 5 * torch.eye(3), torch.arange(3)
    sure = (scores / fit_temperature(scores, labels)).softmax(1).amax(1)
    assert sure.max() < 0.9


def test_a_model_carries_its_temperature_and_shows_probabilities_at_it(trained, store):
    run = trained["joint"]
    result = json.loads((run / "result.json").read_text())
    model = SavedModel.open(run)
    assert model.calibration.temperature == result["temperature"] != 1
    assert model.calibration.clips == result["validation_clips"] == 12
    opened = SkeletonStore.open(store)
    test = np.flatnonzero(opened.index.subject % 2 == 0)
    recogniser = Recogniser(model)
    probabilities = torch.from_numpy(recogniser([opened.read(int(clip)) for clip in test]))
    labels = torch.from_numpy(opened.index.label[test].astype(np.int64))
    error = expected_calibration_error(probabilities, labels)
    assert result["test"]["calibration_error"] == pytest.approx(error, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"temperature": 0}', "calibration.json: temperature"),
        ('{"temperature": 1, "threshold": 2}', "calibration.json: threshold"),
        ('{"temprature": 1}', "calibration.json: temprature"),
        ("{", "calibration.json: it is no JSON"),
    ],
)
def test_a_damaged_file_is_named(trained, tmp_path, text, line):
    shutil.copytree(trained["joint"] / "classifier", tmp_path / "model")
    (tmp_path / "model" / "SHA256SUMS").unlink()
    (tmp_path / "model" / "calibration.json").write_text(text)
    with pytest.raises(InputError, match=line):
        SavedModel.open(tmp_path / "model")


def test_a_file_that_checksums_name_may_not_be_missing(trained, tmp_path):
    shutil.copytree(trained["joint"] / "classifier", tmp_path / "model")
    (tmp_path / "model" / "calibration.json").unlink()
    with pytest.raises(InputError, match=r"calibration\.json is missing"):
        SavedModel.open(tmp_path / "model")


def test_where_all_clips_train_nothing_is_tested_and_scores_count_as_they_are(
    finetune_recipe, store, tmp_path
):
    options = ["--data.protocol", "all", "--data.validation", "0", "--training.epochs", "1"]
    config = read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *options], program="finetune")
    result = finetune.run(config, bar={"disable": True})
    assert result is not None and result.test is None and result.temperature == 1
    assert result.train_clips == 96
    assert SavedModel.open(tmp_path / "finetuned").calibration.temperature == 1
    assert not (tmp_path / "finetuned" / "classifier" / "calibration.json").exists()

    def shown(*options):
        return evaluate.run(
            read_options(evaluate.EvaluateConfig, [str(tmp_path / "finetuned"), *options], program="evaluate")
        )

    with pytest.raises(InputError, match=r"^data\.store: "):
        shown()
    whole = SkeletonStore.open(store)
    with StoreWriter(
        tmp_path / "other", layout=whole.layout, class_names=whole.class_names, fps=30
    ) as writer:
        for clip in range(5):
            writer.add(whole.read(clip)[::-1], name=str(clip), label=int(whole.index.label[clip]))
    found = shown("--data.store", str(tmp_path / "other"))  # all clips of another store are tested
    assert found.methods["classifier"].clips == 5


@given(seed=st.integers(0, 2**31), count=st.integers(1, 60))
def test_a_threshold_leaves_95_percent_of_the_rightly_recognised_clips(seed, count):
    generator = torch.Generator().manual_seed(seed)
    probabilities = (3 * torch.randn(count, 3, generator=generator)).softmax(1)
    labels = torch.randint(3, (count,), generator=generator)
    threshold, (confidence, best) = fit_threshold(probabilities, labels), probabilities.max(1)
    right = confidence[best == labels]
    if not len(right):
        assert threshold is None
        return
    assert (right >= threshold).double().mean() >= 0.95
    higher = right[right > threshold + 1e-4]
    assert not len(higher) or (right >= higher.min()).double().mean() < 0.95


def test_a_model_carries_its_threshold_which_its_answers_obey(trained):
    model = SavedModel.open(trained["joint"])
    assert 0 < model.calibration.threshold < 1
    clip = np.random.default_rng(0).normal(0, 0.3, size=(20, 20, 3))
    (answer,) = Recogniser(model).predict(clip, insist=True)
    assert answer.threshold == model.calibration.threshold
