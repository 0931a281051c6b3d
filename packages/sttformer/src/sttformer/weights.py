"""Weights that are taken over whole, or refused with a list of what does not fit."""

import json
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Self, TypeVar

import torch
from huggingface_hub import PyTorchModelHubMixin, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .mistakes import config_mistake

Model = TypeVar("Model", bound=nn.Module)
MAX_CONFIG = 2**20
"""Bytes of the largest config.json that is read."""
SHOWN = 8
"""Weights that do not fit and are named; of a wrong model there are hundreds."""


class _WithoutDraws(TorchFunctionMode):
    """Draw no initial weights: the meta device has no values, and torch would import its compiler."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        return function(*args, **(kwargs or {}))


def build_with_weights(
    build: Callable[[], Model], state: Mapping[str, Tensor], *, source: str | Path
) -> Model:
    """Build a model that has these weights.

    Names and shapes are compared first, on a model without memory (the meta device). So a config that names
    sizes which its weights do not have costs nothing.

    Args:
        build: Builds the model with new weights.
        state: Weights by the model's names.
        source: Where they are from, for the message.

    Raises:
        ValueError: If a weight is missing, foreign or of another shape; names the first of them.

    Example:
        >>> state = {"weight": torch.zeros(3, 2), "bias": torch.zeros(3)}
        >>> build_with_weights(lambda: nn.Linear(2, 3), state, source="x.pt").bias.tolist()
        [0.0, 0.0, 0.0]
    """
    try:
        with torch.device("meta"), _WithoutDraws():
            empty = build()
    except (NotImplementedError, RuntimeError):  # a class of one's own that computes while it is built
        empty = build()
    require_fit(empty.state_dict(), state, source=source, model=type(empty).__name__)
    model = build()
    model.load_state_dict(state, strict=True)
    return model


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Read a file of safetensors.

    Raises:
        ValueError: If the file is damaged.
    """
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read a state dict that `torch.save` wrote.

    Only tensors are unpickled (`weights_only=True`), and no more values than the file has room for.

    Raises:
        ValueError: If the file is no state dict of dense tensors.
    """
    size = Path(path).stat().st_size
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > size:
                    raise ValueError(f"{path} is no file of tensors: its entries are compressed")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:  # torch's own text tells how to load it all the same
        raise ValueError(f"{path} is no file of tensors: it is damaged, or holds other objects") from error
    except (RuntimeError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path} is no file of tensors: {reason}") from error
    if not isinstance(state, Mapping):
        raise ValueError(f"{path} must hold a state dict, tensors by name, got {type(state).__name__}")
    if others := [name for name, value in state.items() if not isinstance(value, Tensor)]:
        kind = type(state[others[0]]).__name__
        raise ValueError(f"{path} must hold a state dict, tensors by name: {others[0]!r} is a {kind}")
    tensors = {str(name): value for name, value in state.items()}
    dense = all(value.layout == torch.strided and value.device.type == "cpu" for value in tensors.values())
    if not dense or sum(value.numel() * value.element_size() for value in tensors.values()) > size:
        raise ValueError(f"{path} names more values than it holds")
    return tensors


def load_weights(model: nn.Module, state: Mapping[str, Tensor], *, source: str | Path) -> None:
    """Copy weights into a model, every one of them.

    Args:
        model: Where they go.
        state: Weights by the model's names.
        source: Where they are from, for the message.

    Raises:
        ValueError: If a weight is missing, foreign or of another shape; names the first of them. The model is
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
        ValueError: Naming weights that are missing, foreign or of another shape, with both shapes.
    """
    complaints = [f"{name} is missing" for name in wanted.keys() - found.keys()]
    complaints += [f"{name} is foreign" for name in found.keys() - wanted.keys()]
    complaints += [
        f"{name} is {tuple(found[name].shape)}, the model's {tuple(wanted[name].shape)}"
        for name in wanted.keys() & found.keys()
        if found[name].shape != wanted[name].shape
    ]
    if complaints:
        shown = "; ".join(sorted(complaints)[:SHOWN])
        more = f"; and {len(complaints) - SHOWN} more" if len(complaints) > SHOWN else ""
        raise ValueError(f"{source} does not fit the {model}: {shown}{more}")


class PretrainedMixin(PyTorchModelHubMixin):
    """`save_pretrained` and `from_pretrained` of a model that is built from a config alone.

    Both work on a folder, without network, or on a name of the Hugging Face Hub. Nothing is unpickled but
    tensors, weights that do not fit are an error whatever `strict` says, and a model is in evaluation mode.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from sttformer import STTFormer, create
        >>> with TemporaryDirectory() as folder:
        ...     create("tiny", joints=20).save_pretrained(folder)
        ...     STTFormer.from_pretrained(folder).config.joints
        20
    """

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> Self:
        """Build the model that a folder or a name of the Hub holds.

        Args:
            pretrained_model_name_or_path: The folder or the name.
            **options: `config` instead of the saved one, `map_location`, and huggingface_hub's own.

        Raises:
            ValueError: If config or weights are missing, damaged, or do not fit each other; names the file.
        """
        where = Path(pretrained_model_name_or_path) / "config.json"
        if where.is_file() and "config" not in options:
            _require_config(where)
        try:
            model: Self = super().from_pretrained(pretrained_model_name_or_path, **options)
        except ValidationError as error:
            field, problem = config_mistake(error, "config")
            raise ValueError(f"{where}: {field}: {problem}") from error
        except (TypeError, AttributeError) as error:
            raise ValueError(f"{where}: no config of a {cls.__name__}: {error}") from error
        except OSError as error:  # of a folder; what is on the Hub may be out of reach, and not be damaged
            if not where.parent.is_dir():
                raise
            raise ValueError(f"{where.parent} cannot be read: {error}") from error
        return model

    @classmethod
    def _from_pretrained(cls, *, model_id: str, **options: Any) -> Self:
        hub = {"revision", "cache_dir", "force_download", "local_files_only", "token"}
        hub |= {"proxies", "resume_download"}  # before huggingface-hub 1.0
        download = {name: options.pop(name) for name in hub & options.keys()}
        device, _ = options.pop("map_location", "cpu"), options.pop("strict", None)
        if options.get("config") is None:
            raise ValueError(f"{model_id} has no config.json, so that no {cls.__name__} can be built")
        if Path(model_id).is_dir():
            file = Path(model_id) / "model.safetensors"
            if not file.is_file():
                raise ValueError(f"{model_id} has no model.safetensors")
            state = read_weights(file)
        else:
            try:
                file = Path(hf_hub_download(model_id, "model.safetensors", **download))
                state = read_weights(file)
            except EntryNotFoundError:
                file = Path(hf_hub_download(model_id, "pytorch_model.bin", **download))
                state = read_state_dict(file)
        build: Callable[[], Any] = partial(cls, **options)  # a mixin knows no nn.Module
        model: Self = build_with_weights(build, state, source=file).to(device).eval()
        return model


def _require_config(path: Path) -> None:
    """Refuse a config.json that is large, damaged, or holds no table `config`.

    Raises:
        ValueError: Naming the file.
    """
    if path.stat().st_size > MAX_CONFIG:
        raise ValueError(f"{path} has {path.stat().st_size} bytes; a config has at most {MAX_CONFIG}")
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if not isinstance(saved, dict) or not isinstance(saved.get("config"), dict):
        raise ValueError(f"{path}: expected a table 'config'")
