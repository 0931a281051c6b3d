"""The network of a recipe, resolved: sizes that follow from the data are filled in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

from pydantic import Field

from skeleton_baselines import STGCNConfig
from skeleton_data import ClipSampling, SkeletonLayout
from skeleton_lab.errors import InputError
from skeleton_mask import BodyPartConfig
from skeletonmae import EncoderPlugin, PartError, TransformerConfig, or_plugin
from sttformer import STTFormerConfig

AnyMask = TypeVar("AnyMask")

if TYPE_CHECKING:
    NetworkConfig: TypeAlias = STTFormerConfig | TransformerConfig | STGCNConfig | EncoderPlugin
    """Any network, distinguished by `kind`: an encoder, or with classes a classifier."""
else:
    _built_in = Annotated[STTFormerConfig | TransformerConfig | STGCNConfig, Field(discriminator="kind")]
    NetworkConfig = or_plugin(_built_in, EncoderPlugin)


def resolve_network(
    network: NetworkConfig, layout: SkeletonLayout, sampling: ClipSampling, *, classes: int, field: str
) -> NetworkConfig:
    """Fill in what the data say; what the recipe says must agree with them.

    The graph of an ST-GCN is the layout's, around its root, unless the recipe has one.

    Args:
        network: As the recipe has it.
        layout: Skeleton of the stores.
        sampling: Gives the number of frames.
        classes: Number of classes, 0 for no head.
        field: Where the network is in the recipe, for messages.

    Raises:
        InputError: If a field was set to something else; names both values.

    Example:
        >>> from skeleton_data import layout
        >>> wanted = STTFormerConfig(tuple_frames=2)
        >>> resolve_network(wanted, layout("kinect_v1"), ClipSampling(), classes=3, field="model").joints
        20
    """
    data: dict[str, Any] = {"joints": len(layout.joints), "channels": 3, "num_classes": classes}
    if isinstance(network, TransformerConfig | EncoderPlugin):
        data["frames"] = sampling.frames
    for name in data.keys() & network.model_fields_set:
        if getattr(network, name) != data[name]:
            raise InputError(
                f"{field}.{name} is {getattr(network, name)}, "
                f"but the data have {data[name]} (layout {layout.name})"
            )
    if isinstance(network, STGCNConfig):
        graph = {"edges": bones(layout), "centre": layout.parents.index(-1)}
        return STGCNConfig(**{**graph, **network.model_dump(exclude_unset=True), **data})
    if isinstance(network, EncoderPlugin):  # whose tokens are known when it is built
        return network.model_copy(update=data)
    part = "token_frames" if isinstance(network, TransformerConfig) else "tuple_frames"
    if sampling.frames % getattr(network, part):
        raise InputError(
            f"data.sampling.frames is {sampling.frames}, "
            f"which is not a multiple of {field}.{part}, {getattr(network, part)}"
        )
    return type(network)(**{**network.model_dump(), **data})


def resolve_mask(mask: AnyMask, layout: SkeletonLayout) -> AnyMask:
    """Fill in the body parts of the layout, where a mask asks for them.

    Raises:
        InputError: If the layout has none.
    """
    if not isinstance(mask, BodyPartConfig) or mask.parts != "layout":
        return mask
    if not layout.parts:
        raise InputError(
            f"model.mask.parts is layout, but the layout {layout.name} has no parts: give joint numbers"
        )
    return mask.model_copy(update={"parts": tuple(layout.parts.values())})


def bones(layout: SkeletonLayout) -> tuple[tuple[int, int], ...]:
    """Bones of a layout as (joint, parent)."""
    return tuple((joint, parent) for joint, parent in enumerate(layout.parents) if parent >= 0)


@contextmanager
def part_errors(field: str) -> Iterator[None]:
    """Name a part of a model that cannot be used by its field of the recipe.

    Args:
        field: The field, with braces where the name of the part stands: `model.{}`.

    Raises:
        InputError: For every `PartError` inside.
    """
    try:
        yield
    except PartError as error:
        part, dot, rest = error.part.partition(".")
        raise InputError(f"{field.format(part)}{dot}{rest}: {error.problem}") from error
