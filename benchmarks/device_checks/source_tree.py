"""The packages from the source tree, with nothing installed but torch, numpy, einops and pydantic.

Three small libraries that the packages import are replaced where they are missing, by as much of them as
models without files need: `lazy_loader`, `huggingface_hub` and `safetensors`.
"""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
REPLACED: set[str] = set()


def use_source_tree() -> list[str]:
    """Put the packages of the source tree first; return the libraries that are replaced."""
    sys.path[:0] = [str(path) for path in sorted(ROOT.glob("packages/*/src"))]
    replaced = [name for name in STAND_INS if importlib.util.find_spec(name) is None]
    for name in replaced:
        for module in STAND_INS[name]():
            sys.modules[module.__name__] = module
    REPLACED.update(replaced)
    return replaced


def has(*names: str) -> bool:
    """Whether all of these libraries are installed; one that is replaced is not."""
    return all(name not in REPLACED and importlib.util.find_spec(name) for name in names)


def _module(name: str, **names: Any) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = []  # so that it may have submodules
    vars(module).update(names)
    return module


def _lazy_loader() -> list[ModuleType]:
    def attach_stub(
        package: str, path: str
    ) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
        tree = ast.parse(Path(path).with_suffix(".pyi").read_text())
        found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        where = {alias.asname or alias.name: (n.module, alias.name) for n in found for alias in n.names}

        def load(name: str) -> Any:
            if name not in where:
                raise AttributeError(f"{package} has no {name}")
            module, attribute = where[name]
            if module is None:  # from . import a submodule
                return importlib.import_module(f"{package}.{attribute}")
            found = getattr(importlib.import_module(f"{package}.{module}"), attribute)
            vars(sys.modules[package])[name] = found  # else a submodule of that name stands there
            return found

        return load, lambda: sorted(where), sorted(where)

    return [_module("lazy_loader", attach_stub=attach_stub)]


class _Mixin:
    def __init_subclass__(cls, **_: Any) -> None:
        super().__init_subclass__()


def _no_files(*_: Any, **__: Any) -> None:
    raise RuntimeError("files of weights need huggingface-hub and safetensors")


def _huggingface_hub() -> list[ModuleType]:
    errors = _module(
        "huggingface_hub.errors", EntryNotFoundError=type("EntryNotFoundError", (Exception,), {})
    )
    hub = _module("huggingface_hub", PyTorchModelHubMixin=_Mixin, hf_hub_download=_no_files, errors=errors)
    return [hub, errors]


def _safetensors() -> list[ModuleType]:
    torch = _module("safetensors.torch", load_file=_no_files, save_model=_no_files)
    errors = {"SafetensorError": type("SafetensorError", (Exception,), {})}
    return [_module("safetensors", safe_open=_no_files, torch=torch, **errors), torch]


STAND_INS: dict[str, Callable[[], list[ModuleType]]] = {
    "lazy_loader": _lazy_loader,
    "huggingface_hub": _huggingface_hub,
    "safetensors": _safetensors,
}
