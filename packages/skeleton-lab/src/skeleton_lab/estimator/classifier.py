"""A classifier of skeleton clips with the interface of scikit-learn."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from skeleton_data import SkeletonLayout, Units, training_coordinates
from skeleton_lab import finetune
from skeleton_lab.errors import InputError
from skeleton_lab.estimator.arrays import as_clips, as_groups, as_labels, as_layout
from skeleton_lab.estimator.classes import read_classes
from skeleton_lab.estimator.fitting import ModelFiles, completed, workshop, write_store
from skeleton_lab.estimator.parameters import Estimator, seed_of
from skeleton_lab.estimator.pretrainer import SkeletonPretrainer
from skeleton_lab.models.model_folder import CLASSES
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.runs.results import FinetuneResult

BATCH = 64
"""Clips that are recognised at once."""


class SkeletonClassifier(Estimator):
    """Recognises actions; trained from scratch, or from a pre-trained encoder.

    It runs `skeleton-lab finetune --data.protocol all`: the same clips, recipe and seed give one network.
    It goes into scikit-learn's `cross_val_predict`, `GridSearchCV` and the like, but does not need
    scikit-learn.

    Labels -1, None, "" and NaN mean that a clip has none: it trains no class, counts in no score, and only
    self-training, or a pre-training that is part of the fit, learns from it. scikit-learn's own scorers do
    not know that, and count such clips as wrong: leave `scoring` out, and `score` counts. If `method` is
    `predict_proba`, its `cross_val_predict` makes a class of -1 before this estimator sees it: give it
    labelled clips alone then.

    It keeps scikit-learn's conventions as far as they apply. `check_estimator` asks little of what
    takes no tables. Of the checks for tables, these do not apply: `n_features_in_` and other numbers of
    features, because clips have joints of a layout; sparse tables; -1 and 1 as two classes, because -1 is no
    label; and one class alone.

    Args:
        layout: Skeleton of the clips: a name such as `kinect_v1`, a `SkeletonLayout`, or its TOML file. By
            default that of `pretrained`.
        pretrained: Encoder that it begins with: a fitted `SkeletonPretrainer`; one that is not fitted, which
            is then fitted on the clips of each `fit`, labelled or not; or what `finetune --pretrained` takes,
            such as the folder of a run. By default it begins from scratch.
        recipe: TOML file of a fine-tuning, or its name in `configs/`.
        settings: Fields over those of the recipe, such as `{"training.steps": 400}`.
        labels_per_class: Labels of each class that are used; by default all.
        self_training: Rounds in which it learns, too, from its own answers to the clips whose labels are
            missing or not used; 0 for none.
        units: Of positions: `m`, or `picture` for 2D joints with their confidence in the place of z.
        random_state: Seed of weights, order, augmentation, and which labels are used; None draws another at
            each fit.
        verbose: Whether progress is shown.

    Attributes:
        classes_: The classes, sorted, (K,).
        model_: The network, as it is saved.
        result_: What the fine-tuning ended with.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> clips = [rng.normal(0, 0.4, (length, 20, 3)) for length in range(20, 30)]
        >>> quick = {"training.steps": 2, "data.validation": 0}
        >>> model = SkeletonClassifier("kinect_v1", settings=quick).fit(clips, ["kick", "wave"] * 5)
        >>> model.predict_proba(clips[:3]).shape, model.classes_.tolist()
        ((3, 2), ['kick', 'wave'])
    """

    kind: ClassVar[Literal["classifier"] | None] = "classifier"
    classes_: NDArray[Any]
    model_: ModelFiles
    result_: FinetuneResult

    def __init__(
        self,
        layout: str | Path | SkeletonLayout | None = None,
        *,
        pretrained: SkeletonPretrainer | str | Path | None = None,
        recipe: str | Path = "finetune/default",
        settings: Mapping[str, Any] | None = None,
        labels_per_class: int | None = None,
        self_training: int = 0,
        units: Units = "m",
        random_state: Any = 0,
        verbose: bool = False,
    ) -> None:
        self.layout, self.pretrained, self.recipe, self.settings = layout, pretrained, recipe, settings
        self.labels_per_class, self.self_training, self.units = labels_per_class, self_training, units
        self.random_state, self.verbose = random_state, verbose

    def fit(self, clips: Any, y: Any, groups: Any = None) -> Self:
        """Train on the clips that have a label.

        Args:
            clips: Arrays (T, V, 3), or (T, M, V, 3) with bodies, of any length.
            y: Class of each, a whole number or a name, (N,) or (N, 1); -1, None, "" or NaN without one.
            groups: Who moves in each clip. The fraction `data.validation` of the subjects, with all their
                clips, is held out to select weights and temperature; without groups, that fraction of the
                clips.

        Raises:
            InputError: If an argument or a parameter cannot be used; names it, and the index.
        """
        if y is None:
            raise InputError("SkeletonClassifier requires y to be passed, but the target y is None")
        with workshop(verbose=self.verbose) as folder:
            start = self._start(folder)
            layout = self._layout(start)
            joints = as_clips(clips, layout, units=self.units)
            classes, labels = as_labels(y, len(joints))
            if len(classes) < 2:
                found = (
                    f"one class, {classes.tolist()[0]!r}" if len(classes) else "no class: no clip has a label"
                )
                raise InputError(f"y: there is {found}; at least two are needed")
            subjects = as_groups(groups, len(joints))
            if isinstance(self.pretrained, SkeletonPretrainer) and start is None:
                start = self._pretrain(joints, layout, subjects, folder)
            facts = {"labels": labels, "classes": classes, "subjects": subjects}
            store = write_store(folder / "clips", joints, layout, self.units, **facts)
            seed = seed_of(self.random_state)
            data: dict[str, Any] = {"store": str(store), "protocol": "all", "label_seed": seed}
            if self.labels_per_class is not None:
                data["labels_per_class"] = self.labels_per_class
            ours = {
                "data": data,
                "training": {"seed": seed},
                "run": {"folder": str(folder / "run"), "tracker": "none"},
            } | ({} if start is None else {"pretrained": str(start)})
            if self.self_training:
                ours["self_training"] = {"rounds": self.self_training}
            wanted = finetune.FinetuneConfig, self.recipe, self.settings, ours
            config = completed(*wanted, program="SkeletonClassifier")
            result = finetune.run(config, bar={"disable": not self.verbose})
            assert result is not None  # it is no dry run
            model = ModelFiles.read(folder / "run" / "classifier")
            self.model_ = ModelFiles({**model.contents, CLASSES: json.dumps(classes.tolist()).encode()})
            self.classes_, self.result_ = classes, result
        return self

    def predict_proba(self, clips: Any) -> NDArray[np.float64]:
        """Return the probability (N, K) of each class, in the order of `classes_`.

        Where nobody is in a clip (all joints are zero, or lie at one point), all classes are equally
        probable, and a warning names the clip; `Recogniser.predict` answers "nobody" then.

        Args:
            clips: As in `fit`; further bodies than those of the training are left out.

        Raises:
            NotFittedError: Before `fit`.
            InputError: If a clip cannot be used; names its index.
        """
        self._require_fitted()
        recogniser = self.model_.recogniser
        preprocessing = recogniser.preprocessing
        joints = as_clips(clips, preprocessing.layout, units=preprocessing.units, empty=True)
        probabilities = np.full((len(joints), len(self.classes_)), 1 / len(self.classes_))
        somebody = [number for number, clip in enumerate(joints) if clip.shape[1]]
        if nobody := sorted(set(range(len(joints))) - set(somebody)):
            named = ", ".join(f"clips[{number}]" for number in nobody)
            warnings.warn(f"nobody is in {named}: all classes are equally probable", stacklevel=2)
        for first in range(0, len(somebody), BATCH):
            batch = somebody[first : first + BATCH]
            how = preprocessing.layout, preprocessing.cleaning
            probabilities[batch] = recogniser([training_coordinates(joints[each], *how) for each in batch])
        return probabilities

    def predict(self, clips: Any) -> NDArray[Any]:
        """Return the most probable class of each clip (N,); of one with nobody in it the first class."""
        best = self.predict_proba(clips).argmax(1)
        found: NDArray[Any] = self.classes_[best]
        return found

    def score(self, clips: Any, y: Any) -> float:
        """Return the fraction of clips, of those that have a label, whose class is recognised.

        A class that was not trained counts as wrong.

        Raises:
            NotFittedError: Before `fit`.
            InputError: If clips or labels cannot be used, or no clip has a label.
        """
        self._require_fitted()
        shown = list(clips)
        classes, labels = as_labels(y, len(shown))
        known = np.flatnonzero(labels >= 0)
        if not len(known):
            raise InputError("y: no clip has a label, so that there is nothing to compare with")
        found = self.predict([shown[number] for number in known])
        return float(np.mean([str(a) == str(b) for a, b in zip(found, classes[labels[known]], strict=True)]))

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the model as a folder, for `from_pretrained`, `skeleton-lab predict` and the other apps.

        Raises:
            NotFittedError: Before `fit`.
            InputError: If the folder is there, or cannot be written.
        """
        self._require_fitted()
        self.model_.save(folder, overwrite=overwrite)

    @classmethod
    def from_pretrained(cls, where: str | Path) -> Self:
        """Load the classifier of a folder, of a run, or of `hf://OWNER/NAME`.

        The classes of a classifier that `save` wrote have the type that they had in `fit`. Those of another
        are its class names; if all names are whole numbers, they become numbers.

        Raises:
            InputError: If there is none, or an encoder, or one that is damaged; names the file.
        """
        model = SavedModel.open(where)
        if not model.is_classifier:
            raise InputError(f"{model.path} is an encoder, which knows no classes; pass it as pretrained")
        found = cls(model.preprocessing.layout, units=model.preprocessing.units)
        found.classes_ = read_classes(model.path, model.preprocessing.classes)
        found.model_ = ModelFiles.read(model.path)
        return found

    def _start(self, folder: Path) -> Path | str | None:
        """Return where the encoder is that it begins with, if there is one already."""
        match self.pretrained:
            case SkeletonPretrainer():
                if not self.pretrained.__sklearn_is_fitted__():
                    return None
                (folder / "encoder").mkdir()
                return self.pretrained.model_.write(folder / "encoder")
            case None | str() | Path():
                return self.pretrained
        raise InputError(
            f"pretrained: {self.pretrained!r} is neither a SkeletonPretrainer nor the folder of a model"
        )

    def _layout(self, start: Path | str | None) -> SkeletonLayout:
        """Return the layout of the clips, by default that of the encoder."""
        if self.layout is None and start is not None:
            return layout_of(start)
        if self.layout is None and isinstance(self.pretrained, SkeletonPretrainer):
            return as_layout(self.pretrained.layout)
        return as_layout(self.layout)

    def _pretrain(
        self,
        clips: list[NDArray[np.float32]],
        layout: SkeletonLayout,
        subjects: NDArray[np.int64],
        folder: Path,
    ) -> Path:
        """Pre-train on the clips of this fit, and return where the encoder is."""
        assert isinstance(self.pretrained, SkeletonPretrainer)
        own = type(self.pretrained)(
            **self.pretrained.get_params(deep=False) | {"layout": layout, "units": self.units}
        )
        known = subjects if (subjects >= 0).all() else None
        (folder / "encoder").mkdir()
        return own.fit(clips, groups=known).model_.write(folder / "encoder")

    def __sklearn_clone__(self) -> Self:
        """Return one with the same parameters that is not fitted; a fitted pre-trainer stays fitted."""
        from sklearn.base import clone

        given = self.get_params(deep=False)
        before = given.pop("pretrained")
        if not (isinstance(before, SkeletonPretrainer) and before.__sklearn_is_fitted__()):
            before = clone(before, safe=False)
        return type(self)(
            pretrained=before, **{name: clone(each, safe=False) for name, each in given.items()}
        )


def layout_of(where: Path | str) -> SkeletonLayout:
    """Return the layout that a model was made for.

    Raises:
        InputError: If there is no model, or one that does not say its layout.
    """
    try:
        return SavedModel.open(where).preprocessing.layout
    except InputError as error:
        raise error.within("pretrained") from error
