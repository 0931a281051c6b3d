"""The parameter names of the published STTFormer code, and ours."""

import re
from collections.abc import Mapping

from torch import Tensor

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


def from_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Translate a state dict of the published code; load the result with `load_state_dict(strict=True)`.

    1x1 convolutions become linear maps, 1-D kernels lose their empty axis, and the position buffers
    (`pes.pe`) fall away, for they follow from the shape. A `module.` prefix of data-parallel training is
    dropped.

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
    for name, value in state.items():
        name = name.removeprefix("module.")
        if name.endswith(".pes.pe"):
            continue
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
