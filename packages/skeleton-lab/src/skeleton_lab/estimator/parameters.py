"""What scikit-learn asks of an estimator, without importing it: parameters, tags, whether it is fitted."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np

from skeleton_lab.errors import InputError


class NotFittedError(InputError, AttributeError):
    """An estimator was asked before it was fitted; beside scikit-learn it is its error of that name, too."""


class Estimator:
    """An object whose parameters are the arguments of its constructor, each kept under its own name.

    What it learns in `fit` has a name that ends in an underscore. Nothing is checked before `fit`, so that
    scikit-learn can clone it and set its parameters in any order.
    """

    kind: ClassVar[Literal["classifier"] | None]
    """The type of estimator by scikit-learn's name; None of one that only fits."""

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name.

        Args:
            deep: Whether those of an estimator among them are returned too, as `pretrained__recipe`.
        """
        found = {name: getattr(self, name) for name in self._names()}
        parts = {name: value for name, value in found.items() if isinstance(value, Estimator)} if deep else {}
        below = {
            f"{name}__{each}": value
            for name, part in parts.items()
            for each, value in part.get_params().items()
        }
        return found | below

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name, those of an estimator among them as `pretrained__recipe`.

        Raises:
            InputError: If there is no such parameter; names those that exist.
        """
        for name, value in params.items():
            first, _, rest = name.partition("__")
            if first not in self._names():
                known = ", ".join(self._names())
                raise InputError(f"{name}: {type(self).__name__} has no such parameter; it has {known}")
            if not rest:
                setattr(self, first, value)
            elif isinstance(part := getattr(self, first), Estimator):
                part.set_params(**{rest: value})
            else:
                raise InputError(f"{name}: {first} is {part!r}, which has no parameters")
        return self

    def __repr__(self) -> str:
        """Return the call that makes it, without the parameters that are as by default."""
        defaults = inspect.signature(type(self).__init__).parameters
        given = (
            f"{name}={value!r}"
            for name, value in self.get_params(deep=False).items()
            if not (value is (default := defaults[name].default) or _equal(value, default))
        )
        return f"{type(self).__name__}({', '.join(given)})"

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has been called."""
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn wants to know; only scikit-learn calls this."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        classifies = self.kind == "classifier"
        return Tags(
            estimator_type=self.kind,
            target_tags=TargetTags(required=classifies),
            classifier_tags=ClassifierTags() if classifies else None,
            input_tags=InputTags(two_d_array=False, three_d_array=True),
        )

    def _require_fitted(self) -> None:
        """Refuse to go on before `fit`.

        Raises:
            NotFittedError: If it was not called.
        """
        if self.__sklearn_is_fitted__():
            return
        known = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError", NotFittedError)
        kinds = (NotFittedError,) if known is NotFittedError else (NotFittedError, known)
        raise type("NotFittedError", kinds, {})(f"{type(self).__name__} is not fitted: call fit first")


def _equal(value: Any, other: Any) -> bool:
    return type(value) is type(other) and not isinstance(value, np.ndarray) and bool(value == other)


def seed_of(random_state: Any) -> int:
    """Return the seed that a `random_state` stands for: itself, or a number that is drawn.

    Args:
        random_state: A whole number; None, for NumPy's global generator; a `RandomState`; a `Generator`.

    Raises:
        InputError: If it is something else.

    Example:
        >>> seed_of(7), seed_of(np.random.default_rng(0)) == seed_of(np.random.default_rng(0))
        (7, True)
    """
    match random_state:
        case None:
            return int(np.random.randint(2**31))
        case np.random.RandomState():
            return int(random_state.randint(2**31))
        case np.random.Generator():
            return int(random_state.integers(2**31))
        case int() | np.integer() if not isinstance(random_state, bool) and random_state >= 0:
            return int(random_state)
    raise InputError(
        f"random_state: {random_state!r} is neither None, a whole number from 0, nor a generator"
    )


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Write dotted names of settings as nested tables.

    Example:
        >>> nested({"training.steps": 400, "model": {"width": 16}})
        {'training': {'steps': 400}, 'model': {'width': 16}}
    """
    found: dict[str, Any] = {}
    for name, value in settings.items():
        *tables, last = name.split(".")
        place = found
        for table in tables:
            place = place.setdefault(table, {})
        place[last] = nested(value) if isinstance(value, Mapping) else value
    return found
