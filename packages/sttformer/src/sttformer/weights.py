"""Weights that are taken over whole, or refused with a list of what does not fit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import torch
from huggingface_hub import PyTorchModelHubMixin
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn


def load_weights(model: nn.Module, state: Mapping[str, Tensor], *, source: str | Path) -> None:
    """Copy weights into a model, every one of them.

    Args:
        model: Where they go.
        state: Weights by the model's names.
        source: Where they are from, for the message.

    Raises:
        ValueError: If a weight is missing, foreign or of another shape; lists all of them. The model is
            unchanged then.

    Example:
        >>> state = {"weight": torch.zeros(4, 2), "scale": torch.ones(1)}
        >>> load_weights(nn.Linear(2, 3), state, source="x.pt")
        Traceback (most recent call last):
        ValueError: x.pt does not fit the Linear: bias is missing; scale is foreign;
        weight is (4, 2), the model's (3, 2)
    """
    require_fit(model.state_dict(), state, source=source, model=type(model).__name__)
    model.load_state_dict(state, strict=True)


def require_fit(
    wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], *, source: str | Path, model: str
) -> None:
    """Refuse a state dict that has other names or shapes than the wanted one.

    Raises:
        ValueError: Naming every weight that is missing, foreign or of another shape, with both shapes.
    """
    complaints = [f"{name} is missing" for name in wanted.keys() - found.keys()]
    complaints += [f"{name} is foreign" for name in found.keys() - wanted.keys()]
    complaints += [
        f"{name} is {tuple(found[name].shape)}, the model's {tuple(wanted[name].shape)}"
        for name in wanted.keys() & found.keys()
        if found[name].shape != wanted[name].shape
    ]
    if complaints:
        raise ValueError(f"{source} does not fit the {model}: {'; '.join(sorted(complaints))}")


class PretrainedMixin(PyTorchModelHubMixin):
    """`save_pretrained` and `from_pretrained` of a model that is built from a config alone.

    Both work on a folder, without network, or on a name of the Hugging Face Hub. Nothing is unpickled but
    tensors, and weights that do not fit are an error whatever `strict` says.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from sttformer import STTFormer, create
        >>> with TemporaryDirectory() as folder:
        ...     create("tiny", joints=20).save_pretrained(folder)
        ...     STTFormer.from_pretrained(folder).config.joints
        Loading weights from local directory
        20
    """

    @classmethod
    def _from_pretrained(cls, *, model_id: str, **options: Any) -> Self:
        if options.get("config") is None:
            raise ValueError(f"{model_id} has no config.json, so that no {cls.__name__} can be built")
        if Path(model_id).is_dir() and not (Path(model_id) / "model.safetensors").is_file():
            raise ValueError(f"{model_id} has no model.safetensors")
        model: Self = super()._from_pretrained(model_id=model_id, **options)
        return model

    @classmethod
    def _load_as_safetensor(cls, model: Any, model_file: str, map_location: str, strict: bool) -> Any:
        del strict
        try:
            state = load_file(model_file, device=map_location)
        except SafetensorError as error:
            raise ValueError(f"{model_file} is damaged: {error}") from error
        load_weights(model, state, source=model_file)
        return model.eval()

    @classmethod
    def _load_as_pickle(cls, model: Any, model_file: str, map_location: str, strict: bool) -> Any:
        del strict
        state = torch.load(model_file, map_location=map_location, weights_only=True)
        load_weights(model, state, source=model_file)
        return model.eval()
