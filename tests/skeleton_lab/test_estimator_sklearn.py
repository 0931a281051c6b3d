"""The estimators among scikit-learn's tools."""

import numpy as np
import pytest

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_lab import SkeletonClassifier, SkeletonPretrainer, finetune
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.runs.answers import read_answers
from skeleton_lab.studies import cross_validate

sklearn = pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def data(store):
    """The clips of three subjects, as arrays, with their classes and subjects."""
    opened = SkeletonStore.open(store)
    chosen = np.flatnonzero(opened.index.subject <= 3)
    clips = [np.array(opened.read(int(clip))) for clip in chosen]
    return clips, opened.index.label[chosen].astype(int), opened.index.subject[chosen].astype(int)


@pytest.fixture
def quick(finetune_recipe):
    settings = {"training.epochs": 1, "data.validation": 0}
    return SkeletonClassifier("kinect_v1", recipe=finetune_recipe, settings=settings)


def test_cross_validation_over_subjects_is_a_loop_over_them(quick, data):
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict, cross_val_score

    clips, y, groups = data
    some, folds = np.where(np.arange(len(y)) % 2, y, -1), LeaveOneGroupOut()
    given = {"groups": groups, "cv": folds, "params": {"groups": groups}}
    found = cross_val_predict(quick, clips, some, **given)
    scores = cross_val_score(quick, clips, some, **given)
    for number, (train, test) in enumerate(folds.split(clips, some, groups)):
        model = SkeletonClassifier(**quick.get_params())
        model.fit([clips[i] for i in train], some[train], groups=groups[train])
        assert model.predict([clips[i] for i in test]).tolist() == found[test].tolist()
        known = test[some[test] >= 0]
        assert scores[number] == np.mean(found[known] == y[known])
    assert not hasattr(quick, "model_")


def test_leave_one_subject_out_is_that_of_the_command_line(finetune_recipe, data, store, tmp_path):
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

    clips, y, groups = data
    whole = SkeletonStore.open(store)
    with StoreWriter(
        tmp_path / "three", layout=whole.layout, class_names=whole.class_names, fps=30
    ) as writer:
        for number, clip in enumerate(clips):
            writer.add(clip, name=str(number), label=int(y[number]), subject=int(groups[number]))
    options = ("--data.store", str(tmp_path / "three"), "--data.protocol", "leave-one-subject-out")
    options += ("--data.validation", "0", "--training.epochs", "1", "--run.tracker", "none")
    options += ("--run.processes", "1", "--no-run.everything")
    config = read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *options], program="finetune")
    finished, answers = cross_validate.run(config), read_answers(tmp_path / "finetuned")
    settings = {"training.epochs": 1, "data.validation": 0}
    model = SkeletonClassifier("kinect_v1", recipe=finetune_recipe, settings=settings)
    given = {"groups": groups, "cv": LeaveOneGroupOut(), "params": {"groups": groups}}
    found = cross_val_predict(model, clips, y, **given, method="predict_proba")
    assert answers.clip.tolist() == list(range(len(y)))
    assert found.argmax(1).tolist() == answers.answer.tolist()
    assert found.max(1) == pytest.approx(answers.probability, abs=1e-4)
    assert finished.pooled.top1 == pytest.approx(np.mean(found.argmax(1) == y))


def test_a_search_sets_parameters(quick, data):
    from sklearn.model_selection import GridSearchCV

    clips, y, _ = data
    search = GridSearchCV(quick, {"labels_per_class": [1, 2], "random_state": [1]}, cv=2, refit=False)
    search.fit(clips, y)
    assert [each["labels_per_class"] for each in search.cv_results_["params"]] == [1, 2]


class Rows:
    """An estimator that says it takes tables: else scikit-learn's checks leave nearly all of it unasked."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


class RowClassifier(Rows, SkeletonClassifier):
    pass


class RowPretrainer(Rows, SkeletonPretrainer):
    pass


WITHOUT_A_FIT = {
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_unfitted",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
}


@pytest.mark.filterwarnings("ignore:.*does not inherit from")
@pytest.mark.parametrize("kind", [RowClassifier, RowPretrainer])
def test_the_checks_of_scikit_learn_that_fit_nothing(kind):
    from sklearn.utils.estimator_checks import estimator_checks_generator

    checked = set()
    for estimator, check in estimator_checks_generator(kind("kinect_v1")):
        if (name := check.func.__name__) in WITHOUT_A_FIT:
            check(estimator)
            checked.add(name)
    assert checked >= WITHOUT_A_FIT - {"check_estimators_unfitted"}  # which asks those that predict


def test_conventions(quick, data, pretrain_recipe):
    from sklearn.base import clone, is_classifier
    from sklearn.exceptions import NotFittedError
    from sklearn.utils import get_tags
    from sklearn.utils.validation import check_is_fitted

    clips, y, groups = data
    assert is_classifier(quick) and not is_classifier(SkeletonPretrainer())
    assert get_tags(quick).target_tags.required and not get_tags(SkeletonPretrainer()).target_tags.required
    with pytest.raises(NotFittedError):
        quick.predict(clips)
    with pytest.raises(NotFittedError):
        check_is_fitted(quick)
    before = quick.get_params()
    assert quick.fit(clips, y, groups) is quick
    assert quick.get_params() == before  # fit changes no parameter
    check_is_fitted(quick)
    again = clone(quick)
    assert again.get_params() == before and not hasattr(again, "model_")

    encoder = SkeletonPretrainer("kinect_v1", recipe=pretrain_recipe, settings={"training.steps": 1})
    assert clone(SkeletonClassifier(pretrained=encoder)).pretrained is not encoder
    encoder.fit(clips)
    assert clone(SkeletonClassifier(pretrained=encoder)).pretrained is encoder  # and stays fitted
    assert not hasattr(clone(encoder), "model_")
