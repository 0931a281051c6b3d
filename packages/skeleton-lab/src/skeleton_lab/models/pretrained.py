"""A pre-trained model as the beginning of a fine-tuning."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from skeleton_data import Preprocessing
from skeleton_lab.errors import InputError
from skeleton_lab.models.model_folder import CONFIG
from skeleton_lab.models.network_config import NetworkConfig
from skeleton_lab.models.saved_model import SavedModel
from skeletonmae import EncoderPlugin
from sttformer import JointSubset

FREE = {"num_classes", "pool", "dropout", "attention_dropout", "drop_path"}
"""Fields that leave the encoder's weights as they are: a recipe may choose them."""


def open_pretrained(where: str, clips: Preprocessing, *, store: Path) -> SavedModel:
    """Open a model whose encoder is to be fine-tuned on clips.

    Args:
        where: What `SavedModel.open` takes.
        clips: How the recipe prepares clips.
        store: Where the clips are, for messages.

    Raises:
        InputError: If there is no model, or one that was made for other clips; names both.

    Returns:
        The model; where the joints of the clips are some of its own, it takes these alone.
    """
    try:
        model = SavedModel.open(where, clips=clips).for_layout(clips.layout, here=str(store))
    except ValueError as error:
        raise InputError(f"pretrained: {error}") from error
    clips.require_same_input(model.preprocessing, here=str(store), there=str(model.path))
    return model


def pretrained_config(model: SavedModel, wanted: NetworkConfig, given: Collection[str]) -> NetworkConfig:
    """Return the config of the encoder that is fine-tuned: that of the pre-trained model.

    Of the recipe it has what leaves the weights as they are, such as dropout, if both are of one kind.

    Args:
        model: The pre-trained model; a head that it has is left out.
        wanted: The network of the recipe.
        given: Fields of it that the command line gives: they must agree.

    Raises:
        InputError: If the command line asks for another network; names both values.
        ValueError: If the encoder is of a class that is not trusted.
    """
    trained, kind = model.config, type(model.config)
    if isinstance(trained, EncoderPlugin):
        trained.require_trust(model.path / CONFIG, named=wanted.kind)
    for name in sorted(given, key=lambda name: (name != "kind", name)):
        asked, has = getattr(wanted, name), getattr(trained, name, None)
        if asked != has and (name not in FREE or name not in kind.model_fields):
            raise InputError(f"model.{name} is {asked}, but {model.path} was trained with {has}")
    chosen = wanted.model_fields_set if wanted.kind == trained.kind else given
    changes = {name: getattr(wanted, name) for name in FREE & set(chosen) & kind.model_fields.keys()}
    fields = trained.model_dump(exclude={"num_classes"}) | changes
    config: NetworkConfig = kind.model_validate(fields)
    return config


def what_changes(model: SavedModel, recipe: NetworkConfig, *, classes: int) -> Iterator[str]:
    """Tell, a line each, which fields of the recipe do not apply, and that a head is replaced.

    Args:
        model: The pre-trained model.
        recipe: The network of the recipe.
        classes: Classes of the new head.
    """
    same = recipe.kind == model.config.kind
    config = model.config
    if isinstance(config, JointSubset) and config.joint_indices is not None:
        yield f"the joints of the clips are {config.joints} of the {config.joint_count} of {model.path}"
    for name in sorted(recipe.model_fields_set - FREE) if same else ["kind"]:
        asked, has = getattr(recipe, name), getattr(model.config, name, None)
        if asked != has:
            yield f"model.{name} is {has}, as in the pre-trained {model.path}, not {asked}"
    if model.is_classifier:
        before = model.config.num_classes
        yield f"{model.path}: the head of {before} classes is replaced by a new one of {classes}"
