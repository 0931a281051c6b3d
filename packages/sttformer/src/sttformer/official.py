"""Checkpoints of the published STTFormer code: their parameter names, and ours."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from .config import STTFormerConfig
from .weights import read_state_dict, require_fit

_NAMES = {
    "input_map.0": "embed",
    "input_map.1": "embed_norm",
    "to_qkvs": "query_key",
    "alphas": "alpha",
    "att0s": "attention_bias",
    "out_nets.0": "slot_conv",
    "out_nets.1": "slot_norm",
    "ff_net.0": "feedforward",
    "ff_net.1": "feedforward_norm",
    "out_nett.0": "tuple_conv",
    "out_nett.1": "tuple_norm",
    "ress.0": "slot_residual.linear",
    "ress.1": "slot_residual.norm",
    "rest.0": "tuple_residual.linear",
    "rest.1": "tuple_residual.norm",
    "fc": "head",
}
_OFFICIAL = {ours: official for official, ours in _NAMES.items()}


def load_official(model: nn.Module, path: str | Path) -> None:
    """Load a checkpoint of the published code, a state dict saved by `torch.save`, into an `STTFormer`.

    Names and shapes are those of `from_official`.

    Args:
        model: The model, with the head of the checkpoint (60 or 120 classes).
        path: The `.pt` file, in torch's present or legacy format.

    Raises:
        ValueError: If the file is no state dict, or a tensor is missing, foreign, or of another shape; the
            message names each in the words of the file, with both shapes.
    """
    state = _weights_of(read_official(path))
    require_fit(to_official(model.state_dict()), state, source=path, model=type(model).__name__)
    model.load_state_dict(from_official(state), strict=True)


def read_official(path: str | Path) -> dict[str, Tensor]:
    """Read a checkpoint of the published code, a state dict saved by `torch.save`, with its own names.

    Raises:
        ValueError: If the file is no state dict of dense tensors.
    """
    return read_state_dict(path)


def official_config(state: Mapping[str, Tensor], *, joints: int = 25) -> STTFormerConfig:
    """Return the config of a checkpoint of the published code, as the shapes of its tensors tell.

    Args:
        state: Tensors by their published names, as `read_official` returns them.
        joints: Joints of a skeleton, V; the shapes give only frames of a tuple times joints.

    Raises:
        ValueError: If a tensor that tells a size is missing, or the joints do not divide a tuple.

    Example:
        >>> from sttformer import create
        >>> model = create("tiny", num_classes=60)
        >>> official_config(to_official(model.state_dict())) == model.config
        True
    """
    state = {name.removeprefix("module."): value for name, value in state.items()}
    depth = len([name for name in state if re.fullmatch(r"blocks\.\d+\.att0s", name)])

    def shape(name: str, axes: int) -> tuple[int, ...]:
        found = tuple(state[name].shape) if name in state else ()
        if len(found) != axes:
            raise ValueError(f"{name} is {found or 'missing'}; a published STTFormer has {axes} axes there")
        return found

    _, heads, slots, _ = shape("blocks.0.att0s", 4)
    if slots % joints:
        raise ValueError(
            f"blocks.0.att0s has {slots} slots in a tuple, which is not a multiple of {joints} joints"
        )
    return STTFormerConfig(
        joints=joints,
        channels=shape("input_map.0.weight", 4)[1],
        tuple_frames=slots // joints,
        width=shape("input_map.0.weight", 4)[0],
        blocks=tuple(
            (
                shape(f"blocks.{block}.out_nets.0.weight", 4)[0],
                shape(f"blocks.{block}.to_qkvs.weight", 4)[0] // (2 * heads),
            )
            for block in range(depth)
        ),
        heads=heads,
        slot_kernel=shape("blocks.0.out_nets.0.weight", 4)[3],
        tuple_kernel=shape("blocks.0.out_nett.0.weight", 4)[2],
        num_classes=shape("fc.weight", 2)[0] if "fc.weight" in state else 0,
    )


def from_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Translate a state dict of the published code; load the result with `load_state_dict(strict=True)`.

    | published | here | | published | here |
    |---|---|---|---|---|
    | `input_map.0`, `.1` | `embed`, `embed_norm` | | `ff_net.0`, `.1` | `feedforward`, `feedforward_norm` |
    | `to_qkvs` | `query_key` | | `out_nett.0`, `.1` | `tuple_conv`, `tuple_norm` |
    | `alphas`, `att0s` | `alpha`, `attention_bias` | | `ress.0`, `.1` | `slot_residual.linear`, `.norm` |
    | `out_nets.0`, `.1` | `slot_conv`, `slot_norm` | | `rest.0`, `.1` | `tuple_residual.linear`, `.norm` |
    | `fc` | `head` | | `pes.pe` | (follows from the shape) |

    1x1 convolutions become linear maps and 1-D kernels lose their empty axis. A `module.` prefix of
    data-parallel training is dropped.

    Args:
        state: Parameters by their published names.

    Returns:
        The same values by our names.

    Raises:
        ValueError: If a name is not one of the published model's.

    Example:
        >>> import torch
        >>> from_official({"input_map.0.weight": torch.zeros(64, 3, 1, 1)})["embed.weight"].shape
        torch.Size([64, 3])
    """
    ours = {}
    for name, value in _weights_of(state).items():
        translated = _translate(name, _NAMES)
        ours[translated] = _squeeze(translated, value)
    return ours


def to_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Translate our state dict to the names and shapes of the published code, position buffers left out.

    Example:
        >>> import torch
        >>> [*to_official({"blocks.0.slot_conv.weight": torch.zeros(8, 12, 5)})]
        ['blocks.0.out_nets.0.weight']
    """
    return {_translate(name, _OFFICIAL): _unsqueeze(name, value) for name, value in state.items()}


def _weights_of(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out the position buffers, and the prefix of data-parallel training."""
    return {
        name.removeprefix("module."): value for name, value in state.items() if not name.endswith(".pes.pe")
    }


def _translate(name: str, names: Mapping[str, str]) -> str:
    match = re.fullmatch(
        r"(blocks\.\d+\.)?(.+?)(\.(?:weight|bias|running_mean|running_var|num_batches_tracked))?", name
    )
    part = match and names.get(match[2])
    if not match or part is None:
        raise ValueError(f"{name!r} is no parameter of STTFormer; known parts: {', '.join(names)}")
    return (match[1] or "") + part + (match[3] or "")


def _squeeze(name: str, value: Tensor) -> Tensor:
    if name.endswith(("alpha", "attention_bias")):
        return value.squeeze(0)
    if value.ndim != 4:
        return value
    if "slot_conv" in name:
        return value.squeeze(2)
    return value.squeeze(3) if "tuple_conv" in name else value.flatten(1)


def _unsqueeze(name: str, value: Tensor) -> Tensor:
    if name.endswith(("alpha", "attention_bias")):
        return value.unsqueeze(0)
    if not name.endswith("weight") or value.ndim < 2 or name.startswith("head"):
        return value
    if "slot_conv" in name:
        return value.unsqueeze(2)
    return value.unsqueeze(3) if "tuple_conv" in name else value[..., None, None]
