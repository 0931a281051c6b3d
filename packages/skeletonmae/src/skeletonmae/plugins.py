"""Classes of your own in a configuration: `kind` is an import path, or the name of an entry point.

A class is imported when it is built, not when the configuration is read.
"""

import inspect
import os
import re
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, Union, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PositiveInt, Tag, ValidationError

from sttformer import Pool, config_mistake

from .requirements import PartError, lacking_methods, require

if TYPE_CHECKING:
    from .protocols import Decoder, Encoder, MaskSampler

PLUGIN = "module:Class"
"""What stands for every kind that is not built in, in messages."""
TRUST = "SKELETONMAE_TRUST"
"""Environment variable: the classes that may be imported because the files of a model name them."""


class Plugin(BaseModel):
    """A class that is named by `kind`; all other fields are its keyword arguments.

    `kind` is an import path (`my_module:MyMask`; the working directory is searched last), or a name that an
    installed package declares as an entry point of the group.

    Example:
        >>> plugin = Plugin(kind="fractions:Fraction", numerator=3, denominator=4)
        >>> plugin.build("part")
        Fraction(3, 4)
        >>> Plugin(kind="fractions:Fraction", over=4).build("part")
        Traceback (most recent call last):
        skeletonmae.requirements.PartError: part: fractions:Fraction got an unexpected keyword argument 'over'
        >>> Plugin(kind="fractions:Half").build("part")
        Traceback (most recent call last):
        skeletonmae.requirements.PartError: part.kind: fractions:Half: ...
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    group: ClassVar[str] = "skeletonmae.plugins"
    """Group of the entry points."""

    kind: str = Field(description="Import path of the class, as module:Class, or name of an entry point.")

    def build(self, field: str, protocol: type | None = None, **known: Any) -> Any:
        """Import the class and make its object.

        Args:
            field: Where the class is named, for messages.
            protocol: What the object must satisfy.
            known: Further arguments, each of which the class gets if it names it and the configuration does
                not give it.

        Raises:
            PartError: If there is no such class, it or its object lacks something, or it does not take the
                arguments; names field and class.
        """
        made = self._load(field)
        lacking = lacking_methods(made, protocol) if protocol else None
        try:
            signature = inspect.signature(made)
            known = {name: value for name, value in known.items() if name in signature.parameters}
            arguments = known | (self.model_extra or {})
            signature.bind(**arguments)
        except TypeError as error:
            problem = f"{self.kind} {error}"
            raise PartError(field, f"{lacking}; {problem}" if lacking else problem) from error
        try:
            built = made(**arguments)
            if protocol:
                require(built, protocol, field=field)
            return built
        except PartError:
            raise
        except ValidationError as error:  # the class is a pydantic model itself
            raise PartError(*config_mistake(error, field)) from error
        except Exception as error:  # of somebody else's code: any
            raise PartError(field, f"{self.kind}: {type(error).__name__}: {error}") from error

    def require_trust(self, source: object, named: str | None = None) -> Self:
        """Refuse a class that is named by the files of a model: whoever wrote them chose what would be run.

        Args:
            source: Where the class is named, for the message.
            named: The class that the user named, too.

        Raises:
            ValueError: If the class is not an installed entry point, and neither the one that the user named
                nor one of those in the environment variable `SKELETONMAE_TRUST`, separated by commas.
        """
        trusted = [each.strip() for each in os.environ.get(TRUST, "").split(",") if each.strip()]
        if ":" in self.kind and self.kind not in (named, *trusted):
            classes = ",".join([*trusted, self.kind])
            raise ValueError(
                f"{source} names the class {self.kind}, which is not imported, because a model's files must "
                f"not choose what is run; if you trust it, set {TRUST}={classes}, or install a package "
                f"that declares it as an entry point of {self.group}"
            )
        return self

    def _load(self, field: str) -> Any:
        found = EntryPoint(self.kind, self.kind, self.group)
        if ":" in self.kind and not re.fullmatch(r"[\w.]+:[\w.]+", self.kind):
            raise PartError(f"{field}.kind", f"{self.kind!r} is no import path, {PLUGIN}")
        if ":" not in self.kind:
            installed = entry_points(group=self.group)
            if self.kind not in installed.names:
                raise PartError(f"{field}.kind", f"{self.kind!r} is no installed entry point of {self.group}")
            found = installed[self.kind]
        if (here := os.getcwd()) not in sys.path:
            sys.path.append(here)
        try:
            return found.load()
        except (ImportError, AttributeError) as error:
            raise PartError(f"{field}.kind", f"{self.kind}: {error}") from error
        except Exception as error:  # of somebody else's module: any
            raise PartError(f"{field}.kind", f"{self.kind}: {type(error).__name__}: {error}") from error


class MaskPlugin(Plugin):
    """A mask of your own, any class whose objects satisfy `skeletonmae.MaskSampler`.

    Example:
        >>> MaskPlugin(kind="skeleton_mask:TubeConfig", joint_ratio=0.3).build_mask()
        TubeConfig(kind='tube', joint_ratio=0.3, tube_frames=5)
    """

    group: ClassVar[str] = "skeletonmae.masks"

    def build_mask(self) -> "MaskSampler":
        """Make the mask."""
        from .protocols import MaskSampler

        mask: MaskSampler = self.build("mask", MaskSampler)
        return mask


class DecoderPlugin(Plugin):
    """A decoder of your own, any class whose objects satisfy `skeletonmae.Decoder`.

    The class gets those of the arguments `in_channels` (of the encoder's features), `out_channels`, `joints`
    and `token_frames` that it names.
    """

    group: ClassVar[str] = "skeletonmae.decoders"

    def build_decoder(self, **sizes: int) -> "Decoder":
        """Make the decoder."""
        from .protocols import Decoder

        decoder: Decoder = self.build("decoder", Decoder, **sizes)
        return decoder


class EncoderPlugin(Plugin):
    """An encoder of your own, any `torch.nn.Module` that satisfies `skeletonmae.Encoder`.

    The class gets those of the arguments `joints`, `channels` and `frames` that it names. Its objects are
    used inside a `skeletonmae.TokenClassifier`, which adds a head, `save_pretrained` and `from_pretrained`.

    Example:
        >>> EncoderPlugin(kind="my_module:MyEncoder", width=32).model_dump(exclude_unset=True)
        {'kind': 'my_module:MyEncoder', 'width': 32}
    """

    group: ClassVar[str] = "skeletonmae.encoders"

    joints: PositiveInt = Field(25, description="Joints of a skeleton, V.")
    channels: PositiveInt = Field(3, description="Input channels of a joint, C: its coordinates.")
    frames: PositiveInt | None = Field(None, description="Frames of a clip, T; any number if none is given.")
    num_classes: int = Field(0, ge=0, description="Classes of the head; 0 leaves the pooled features.")
    pool: Pool = Field(
        "mean",
        description="Features that the head sees: the mean over all tokens, or the mean of each joint.",
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout of the pooled features before the head.")

    def build_encoder(self) -> "Encoder":
        """Make the encoder.

        Raises:
            ValueError: If it lacks something; also if its weights could not be trained.
        """
        from .protocols import Encoder, require_trainable

        sizes = self.model_dump(include={"joints", "channels", "frames"}, exclude_none=True)
        encoder: Encoder = self.build("encoder", Encoder, **sizes)
        require_trainable(encoder)
        return encoder


def or_plugin(configs: Any, plugin: type[Plugin]) -> Any:
    """Return the union of some configs, distinguished by `kind`, and of a plug-in for any other `kind`.

    Args:
        configs: A union of configs, annotated with a discriminator.
        plugin: What is used for an import path, or for an installed entry point of its group.

    Example:
        >>> from pydantic import TypeAdapter
        >>> from skeleton_mask import MaskConfig
        >>> masks = TypeAdapter(or_plugin(MaskConfig, MaskPlugin))
        >>> masks.validate_python({"kind": "tube", "joint_ratio": 0.3})
        TubeConfig(kind='tube', joint_ratio=0.3, tube_frames=5)
        >>> masks.validate_python({"kind": "my_module:MyMask", "every": 3})
        MaskPlugin(kind='my_module:MyMask', every=3)
    """
    members = {config.model_fields["kind"].default: config for config in get_args(get_args(configs)[0])}

    def kind(value: Any) -> str | None:
        named = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
        if not isinstance(named, str) or named in members:
            return None if named is None else str(named)
        return PLUGIN if ":" in named or named in entry_points(group=plugin.group).names else named

    tagged = [Annotated[config, Tag(name)] for name, config in members.items()]
    return Annotated[Union[(*tagged, Annotated[plugin, Tag(PLUGIN)])], Discriminator(kind)]
