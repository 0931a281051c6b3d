"""The parameter names of the published ST-GCN code, and ours."""

import re
from collections.abc import Mapping

from torch import Tensor

_TOP = {"A": "adjacency", "data_bn": "input_norm", "fc": "head"}
_BLOCK = {"gcn.conv": "spatial.mix", "tcn": "temporal", "residual": "residual"}


def from_official(state: Mapping[str, Tensor], *, prefix: str = "", head: bool = True) -> dict[str, Tensor]:
    """Translate a state dict of the published code; load the result with `load_state_dict(strict=True)`.

    | published | here |
    |---|---|
    | `A` | `adjacency` |
    | `data_bn` | `input_norm` |
    | `st_gcn_networks.{i}.gcn.conv` | `blocks.{i}.spatial.mix` |
    | `edge_importance.{i}` | `blocks.{i}.spatial.edge_weight` |
    | `st_gcn_networks.{i}.tcn.{j}` | `blocks.{i}.temporal.{j}` |
    | `st_gcn_networks.{i}.residual.{j}` | `blocks.{i}.residual.{j}` |
    | `fc` | `head` |

    Args:
        state: Parameters by their published names.
        prefix: Where the encoder is in a larger model, such as `encoder_q.` in CrosSCLR and AimCLR; the rest
            is left.
        head: Whether to take the head too. A projection head of contrastive pre-training is not one: leave
            it.

    Returns:
        The same tensors by our names.

    Raises:
        ValueError: If a name is not one of the published model's, or none begins with `prefix`.

    Example:
        >>> import torch
        >>> checkpoint = {"encoder_q.data_bn.weight": torch.ones(75), "encoder_q.fc.2.bias": torch.ones(128)}
        >>> [*from_official(checkpoint, prefix="encoder_q.", head=False)]
        ['input_norm.weight']
    """
    names = [name for name in state if name.startswith(prefix)]
    if not names:
        found = sorted({name.split(".")[0] + "." for name in state})
        raise ValueError(f"no parameter begins with prefix {prefix!r}, they begin with {', '.join(found)}")
    published = {name.removeprefix(prefix): state[name] for name in names}
    return {_ours(name): value for name, value in published.items() if head or not name.startswith("fc.")}


def to_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Translate our state dict to the names of the published code.

    Example:
        >>> import torch
        >>> [*to_official({"blocks.3.spatial.edge_weight": torch.ones(3, 25, 25)})]
        ['edge_importance.3']
    """
    return {_theirs(name): value for name, value in state.items()}


def _ours(name: str) -> str:
    if match := re.fullmatch(r"edge_importance\.(\d+)", name):
        return f"blocks.{match[1]}.spatial.edge_weight"
    if match := re.fullmatch(r"st_gcn_networks\.(\d+)\.(gcn\.conv|tcn|residual)(\..+)", name):
        return f"blocks.{match[1]}.{_BLOCK[match[2]]}{match[3]}"
    if match := re.fullmatch(r"(A|(?:data_bn|fc)(?=\.))((?:\.[a-z_]+)?)", name):
        return _TOP[match[1]] + match[2]
    raise ValueError(f"{name!r} is no parameter of the published ST-GCN")


def _theirs(name: str) -> str:
    if match := re.fullmatch(r"blocks\.(\d+)\.spatial\.edge_weight", name):
        return f"edge_importance.{match[1]}"
    if match := re.fullmatch(r"blocks\.(\d+)\.(spatial\.mix|temporal|residual)(\..+)", name):
        published = {ours: theirs for theirs, ours in _BLOCK.items()}
        return f"st_gcn_networks.{match[1]}.{published[match[2]]}{match[3]}"
    if match := re.fullmatch(r"(adjacency|input_norm|head)((?:\..+)?)", name):
        published = {ours: theirs for theirs, ours in _TOP.items()}
        return published[match[1]] + match[2]
    raise ValueError(f"{name!r} is no parameter of STGCN")
