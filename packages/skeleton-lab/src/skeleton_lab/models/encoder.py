"""The encoder of a recipe: fitted to the data, and taken over from pre-training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field, TypeAdapter

from skeleton_baselines import STGCNConfig
from skeleton_data import ClipSampling, SkeletonLayout
from skeleton_lab.data.preprocessing import FILE, Preprocessing
from skeleton_lab.errors import InputError
from skeletonmae import EncoderPlugin, TransformerConfig, or_plugin
from sttformer import STTFormerConfig

if TYPE_CHECKING:
    EncoderConfig: TypeAlias = STTFormerConfig | TransformerConfig | STGCNConfig | EncoderPlugin
    """Any encoder, told apart by `kind`."""
else:
    _built_in = Annotated[STTFormerConfig | TransformerConfig | STGCNConfig, Field(discriminator="kind")]
    EncoderConfig = or_plugin(_built_in, EncoderPlugin)

FREE = {"num_classes", "pool", "dropout", "attention_dropout", "drop_path"}
"""Fields that leave the encoder's weights as they are."""


def fit_encoder(
    encoder: EncoderConfig, layout: SkeletonLayout, sampling: ClipSampling, *, classes: int, field: str
) -> EncoderConfig:
    """Fill in what the data say; what the recipe says must agree with them.

    The graph of an ST-GCN is the layout's, around its root, unless the recipe has one.

    Args:
        encoder: As the recipe has it.
        layout: Skeleton of the stores.
        sampling: Gives the number of frames.
        classes: Number of classes, 0 for no head.
        field: Where the encoder is in the recipe, for messages.

    Raises:
        InputError: If a field was set to something else; names both values.
    """
    data: dict[str, Any] = {"joints": len(layout.joints), "channels": 3, "num_classes": classes}
    if isinstance(encoder, TransformerConfig | EncoderPlugin):
        data["frames"] = sampling.frames
    for name in data.keys() & encoder.model_fields_set:
        if getattr(encoder, name) != data[name]:
            raise InputError(
                f"{field}.{name} is {getattr(encoder, name)}, "
                f"but the data have {data[name]} (layout {layout.name})"
            )
    if isinstance(encoder, STGCNConfig):
        graph = {"edges": bones(layout), "centre": layout.parents.index(-1)}
        return STGCNConfig(**{**graph, **encoder.model_dump(exclude_unset=True), **data})
    if isinstance(encoder, EncoderPlugin):  # whose tokens are known when it is built
        return encoder.model_copy(update=data)
    part = "token_frames" if isinstance(encoder, TransformerConfig) else "tuple_frames"
    if sampling.frames % getattr(encoder, part):
        raise InputError(
            f"data.sampling.frames is {sampling.frames}, "
            f"which is no multiple of {field}.{part}, {getattr(encoder, part)}"
        )
    return type(encoder)(**{**encoder.model_dump(), **data})


def bones(layout: SkeletonLayout) -> tuple[tuple[int, int], ...]:
    """Bones of a layout as (joint, parent)."""
    return tuple((joint, parent) for joint, parent in enumerate(layout.parents) if parent >= 0)


def pretrained_encoder(
    run: Path, wanted: EncoderConfig, clips: Preprocessing, *, store: Path
) -> EncoderConfig:
    """The config of a pre-trained encoder, if it fits the recipe and the clips.

    Args:
        run: Folder of the pre-training run.
        wanted: Encoder of the recipe; what it sets must agree, but dropout may differ.
        clips: How the recipe prepares clips.
        store: Where the clips are, for messages.

    Raises:
        InputError: If the encoder is missing or was made for something else; names both.
    """
    folder = run / "encoder"
    for path in (folder / "config.json", folder / "model.safetensors", folder / FILE):
        if not path.is_file():
            raise InputError(f"pretrained: {path} is missing; {run} is no finished pre-training run")
    clips.require_same_input(Preprocessing.load(folder), here=str(store), there=str(folder))
    saved = {name: value for name, value in saved_fields(folder).items() if name != "num_classes"}
    config = TypeAdapter(EncoderConfig).validate_python(saved)
    if wanted.kind != config.kind:
        raise InputError(f"model.kind is {wanted.kind}, but {folder} was trained with {config.kind}")
    if isinstance(config, EncoderPlugin):
        config.require_trust(folder / "config.json", named=wanted.kind)
    for name in wanted.model_fields_set - FREE:
        if getattr(wanted, name) != getattr(config, name, None):
            raise InputError(
                f"model.{name} is {getattr(wanted, name)}, "
                f"but {folder} was trained with {getattr(config, name, None)}"
            )
    return config.model_copy(update={name: getattr(wanted, name) for name in wanted.model_fields_set & FREE})


def saved_fields(folder: Path) -> dict[str, Any]:
    """The fields of a saved encoder's config, with the kind that the first ones did not name."""
    saved = json.loads((folder / "config.json").read_text())
    if not isinstance(saved, dict) or not isinstance(saved.get("config"), dict):
        raise InputError(f"{folder / 'config.json'}: expected a table 'config'")
    return {"kind": "sttformer"} | saved["config"]
