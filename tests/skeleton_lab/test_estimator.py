"""One call in Python: the same as the command line, in scikit-learn's manners."""

import json
import pickle

import numpy as np
import pytest
import torch

from skeleton_data import SkeletonStore
from skeleton_lab import NotFittedError, SkeletonClassifier, SkeletonPretrainer, finetune, pretrain
from skeleton_lab.errors import InputError
from skeleton_lab.inference.recogniser import Recogniser
from skeleton_lab.models.model_folder import check_files
from skeleton_lab.recipe.recipe import read_recipe

BAR = {"disable": True}


@pytest.fixture(scope="module")
def data(store):
    """Clips, class names and subjects of the store, as arrays."""
    opened = SkeletonStore.open(store)
    clips = [np.array(opened.read(clip)) for clip in range(len(opened))]
    return clips, np.array(opened.class_names)[opened.index.label], np.array(opened.index.subject)


@pytest.fixture
def sides(data):
    """Those of odd subjects, and those of even ones."""
    clips, y, groups = data
    odd = groups % 2 == 1
    return [
        ([clip for clip, here in zip(clips, side, strict=True) if here], y[side], groups[side])
        for side in (odd, ~odd)
    ]


@pytest.fixture
def quick(finetune_recipe):
    """A classifier of the toy recipe, which trains for a moment."""
    return SkeletonClassifier("kinect_v1", recipe=finetune_recipe, settings={"training.epochs": 1})


def run_finetuning(recipe, *options):
    config = read_recipe(
        finetune.FinetuneConfig, [str(recipe), "--run.tracker", "none", *options], program="finetune"
    )
    return finetune.run(config, bar=BAR)


def test_it_is_the_command_line(finetune_recipe, sides, tmp_path):
    """The same clips, recipe and seeds: the same held-out subjects, labels, weights and probabilities."""
    seeds = ("--data.label_seed", "3", "--training.seed", "3", "--data.labels_per_class", "5")
    finished = run_finetuning(finetune_recipe, *seeds)
    model = SkeletonClassifier("kinect_v1", recipe=finetune_recipe, labels_per_class=5, random_state=3)
    (clips, y, groups), (others, truth, _) = sides
    # Classes are sorted here, and in the order of the store there.
    order = {"slow": 0, "fast": 1, "wide": 2}
    model.fit(clips, [order[name] for name in y], groups=groups)
    assert model.result_.checksums == finished.checksums
    assert model.result_.validation_top1 == finished.validation_top1
    assert model.score(others, [order[name] for name in truth]) == finished.test.top1
    assert model.classes_.tolist() == [0, 1, 2]
    recogniser = Recogniser.from_pretrained(tmp_path / "finetuned")
    assert np.allclose(model.predict_proba(others), recogniser(others), atol=1e-6)
    assert (model.result_.train_clips, model.result_.validation_clips) == (15, finished.validation_clips)


def test_a_pretraining_is_that_of_the_command_line_and_begins_a_classifier(
    pretrain_recipe, finetune_recipe, sides, tmp_path
):
    (clips, y, groups), (others, truth, _) = sides
    config = read_recipe(
        pretrain.PretrainConfig, [str(pretrain_recipe), "--run.tracker", "none"], program="pretrain"
    )
    finished = pretrain.run(config, bar=BAR)
    encoder = SkeletonPretrainer("kinect_v1", recipe=pretrain_recipe).fit(clips, groups=groups)
    assert encoder.result_.checksums == finished.checksums
    tuned = run_finetuning(finetune_recipe, "--pretrained", str(tmp_path / "pretrained"))
    for start in (encoder, tmp_path / "pretrained"):
        model = SkeletonClassifier(pretrained=start, recipe=finetune_recipe)
        order = {"slow": 0, "fast": 1, "wide": 2}
        model.fit(clips, [order[name] for name in y], groups)
        assert model.result_.checksums == tuned.checksums
        assert model.score(others, [order[name] for name in truth]) == tuned.test.top1


def test_a_pretraining_inside_a_fit_sees_the_clips_without_labels(pretrain_recipe, quick, sides):
    (clips, y, groups), _ = sides
    begin = SkeletonPretrainer("kinect_v1", recipe=pretrain_recipe, settings={"training.epochs": 1})
    few = [name if number < 9 else None for number, name in enumerate(y)]
    quick.set_params(pretrained=begin, layout=None, settings={"training.epochs": 1, "data.validation": 0})
    quick.fit(clips, few, groups)
    assert not hasattr(begin, "model_")
    assert quick.result_.train_clips == 9
    apart = SkeletonPretrainer(**begin.get_params()).fit(clips, groups=groups)
    other = SkeletonClassifier(**quick.get_params(deep=False) | {"pretrained": apart}).fit(clips, few, groups)
    assert other.result_.checksums == quick.result_.checksums


def test_it_is_saved_and_loaded_pickled_before_and_after(quick, sides, tmp_path):
    (clips, y, groups), (others, _, _) = sides
    again = pickle.loads(pickle.dumps(quick))
    assert again.get_params() == quick.get_params()
    quick.fit(clips, y, groups)
    before = dict(vars(quick))
    expected = quick.predict_proba(others)
    assert vars(quick) == before  # to predict changes nothing
    assert quick.classes_.tolist() == ["fast", "slow", "wide"]
    assert np.allclose(expected.sum(1), 1)
    quick.save(tmp_path / "mine")
    loaded = SkeletonClassifier.from_pretrained(tmp_path / "mine")
    for same in (loaded, pickle.loads(pickle.dumps(quick)), again.fit(clips, y, groups)):
        assert np.array_equal(same.predict_proba(others), expected)
        assert same.predict(others).tolist() == quick.predict(others).tolist()
    with pytest.raises(ValueError, match="mine"):
        quick.save(tmp_path / "mine")
    quick.save(tmp_path / "mine", overwrite=True)


@pytest.mark.parametrize(
    "values",
    [
        {"slow": 10, "fast": 7, "wide": 2},
        {"slow": "0", "fast": "1", "wide": "2"},
        {"slow": True, "fast": False},
    ],
    ids=["numbers", "digits", "truth values"],
)
def test_classes_keep_their_type_when_they_are_loaded(quick, sides, tmp_path, values):
    (clips, y, groups), (others, _, _) = sides
    quick.fit(clips, [values.get(name, "") for name in y], groups).save(tmp_path / "mine")
    loaded = SkeletonClassifier.from_pretrained(tmp_path / "mine")
    assert quick.classes_.tolist() == loaded.classes_.tolist() == sorted(values.values())
    assert loaded.predict(others).tolist() == quick.predict(others).tolist()
    assert check_files(tmp_path / "mine") is None  # their checksum is there, too


def test_classes_that_are_not_those_of_the_model_are_refused(quick, sides, tmp_path):
    quick.fit(*sides[0]).save(tmp_path / "mine")
    for values in (["fast", "slow"], ["slow", "fast", "wide"], [1, "slow", "wide"], {"fast": 1}):
        (tmp_path / "mine" / "classes.json").write_text(json.dumps(values))
        (tmp_path / "mine" / "SHA256SUMS").unlink(missing_ok=True)
        with pytest.raises(InputError, match=r"classes\.json"):
            SkeletonClassifier.from_pretrained(tmp_path / "mine")


def test_where_nobody_is_no_class_is_more_probable(quick, sides):
    clips, y, groups = sides[0]
    quick.fit(clips, y, groups)
    alone = clips[0][:, :1]
    shown = [
        alone,
        np.zeros_like(alone),
        np.full_like(alone, 1.5),
        np.concatenate([0 * alone, alone], axis=1),
    ]
    with pytest.warns(UserWarning, match=r"clips\[1\], clips\[2\]"):
        found = quick.predict_proba(shown)
    assert np.array_equal(found[1:3], np.full((2, 3), 1 / 3))
    assert np.array_equal(found[3], found[0])  # who is there alone is in the second place


@pytest.mark.parametrize("nothing", [None, "", float("nan")], ids=repr)
def test_clips_without_a_label_train_no_class_and_count_in_no_score(quick, sides, nothing):
    (clips, y, groups), (others, truth, _) = sides
    some = [nothing if number % 4 == 0 else str(name) for number, name in enumerate(y)]
    quick.fit(clips, some, groups)
    assert quick.classes_.tolist() == ["fast", "slow", "wide"]
    held_out = quick.result_.validation_clips
    assert quick.result_.train_clips + held_out == sum(isinstance(name, str) and name != "" for name in some)
    asked = [nothing if number % 3 else str(name) for number, name in enumerate(truth)]
    right = quick.predict(others)[::3] == truth[::3]
    assert quick.score(others, asked) == right.mean()


def test_random_generators_and_printing_stay_as_they_were(quick, sides, capsys):
    (clips, y, groups), _ = sides
    torch.manual_seed(5)
    np.random.seed(5)
    before = torch.rand(1), np.random.rand()
    torch.manual_seed(5)
    np.random.seed(5)
    quick.fit(clips, y, groups)
    assert (torch.rand(1), np.random.rand()) == before
    assert capsys.readouterr() == ("", "")


def test_parameters_are_told_and_set_by_name(finetune_recipe):
    inner = SkeletonPretrainer("ntu", random_state=4)
    model = SkeletonClassifier("ntu", pretrained=inner)
    assert model.get_params()["pretrained__random_state"] == 4
    model.set_params(pretrained__random_state=5, labels_per_class=2)
    assert (inner.random_state, model.labels_per_class) == (5, 2)
    assert repr(model) == (
        "SkeletonClassifier(layout='ntu', pretrained=SkeletonPretrainer(layout='ntu', random_state=5), "
        "labels_per_class=2)"
    )
    for wrong in ({"depth": 3}, {"recipe__depth": 3}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            model.set_params(**wrong)


def test_nothing_is_asked_of_what_is_not_fitted(quick):
    for ask in (quick.predict, quick.predict_proba, quick.save, lambda clips: quick.score(clips, clips)):
        with pytest.raises(NotFittedError, match="SkeletonClassifier is not fitted"):
            ask([])
    assert issubclass(NotFittedError, ValueError) and issubclass(NotFittedError, AttributeError)


def test_the_calibration_of_the_held_out_clips_is_part_of_it(quick, sides, tmp_path):
    (clips, y, groups), _ = sides
    quick.fit(clips, y, groups).save(tmp_path / "mine")
    saved = json.loads((tmp_path / "mine" / "calibration.json").read_text())
    assert saved["temperature"] == quick.result_.temperature
