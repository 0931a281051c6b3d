"""The arrows between packages point down, each package declares what it imports, and imports stay light."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]

ARROWS = {
    "skeleton_data": set(),
    "skeleton_mask": set(),
    "sttformer": set(),
    "skeletonmae": {"sttformer", "skeleton_mask"},
    "skeleton_baselines": {"sttformer"},
    "skeleton_runtime": {"skeleton_data"},
    "skeleton_lab": {
        *("skeleton_data", "skeleton_mask", "sttformer", "skeletonmae", "skeleton_baselines"),
        "skeleton_runtime",
    },
}

# Declared for another's sake, with the reason.
INDIRECT = {
    "numpy": "torch does not depend on it, but warns when it is imported without",
    "safetensors": "huggingface-hub does not depend on it, but saves models with it",
    "tensorboard": "accelerate logs with it",
    "onnx": "torch.onnx writes with it",
    "onnxscript": "torch.onnx translates with it",
    "onnxruntime": "runs what was exported",
    "websockets": "uvicorn speaks WebSocket with it",
    "numba": "aeon compiles with it",
}


@dataclass(frozen=True)
class Import:
    module: str
    where: str

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def imports(folder: Path) -> Iterator[Import]:
    """Every absolute import in a folder of sources, also inside functions and by `import_module`."""
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    found = [name.name for name in names]
                case ast.ImportFrom(module=str(module), level=0):
                    found = [module]
                case ast.Call(
                    func=ast.Name(id="import_module" | "__import__" | "needed")
                    | ast.Attribute(attr="import_module"),
                    args=[ast.Constant(value=str(module)), *_],
                ):
                    found = [module]
                case _:
                    continue
            for module in found:
                yield Import(module, f"{path.relative_to(folder)}:{node.lineno}")


def normalised(requirement: str) -> str:
    """`PyYAML>=6` -> `pyyaml`, `lazy_loader` -> `lazy-loader`."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def declared(pyproject: Path) -> set[str]:
    """The distributions a package declares, its extras included."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {}).values()
    return {
        normalised(r) for r in [*project.get("dependencies", []), *(r for extra in extras for r in extra)]
    }


@cache
def installed() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def distributions(top: str) -> set[str]:
    """The distributions that may provide a module: one of its name, or what the environment knows."""
    return {normalised(name) for name in [top, *installed().get(top, [])]}


def complaints(packages: Path, arrows: dict[str, set[str]]) -> list[str]:
    """What is wrong in a folder of packages, one line each: forbidden arrows, imports not declared."""
    found = []
    for pyproject in sorted(packages.glob("*/pyproject.toml")):
        (source,) = (pyproject.parent / "src").iterdir()
        name, declares, unused = source.name, declared(pyproject), declared(pyproject)
        for item in imports(source):
            if item.top == name or item.top in sys.stdlib_module_names:
                continue
            unused -= distributions(item.top)
            if item.top in arrows and item.top not in arrows[name]:
                found.append(f"{name}/{item.where} imports {item.module}: {name} must not know {item.top}")
            elif not declares & distributions(item.top):
                found.append(
                    f"{name}/{item.where} imports {item.module}, which its pyproject.toml does not declare"
                )
        for sibling in set(arrows) - arrows[name] - {name}:
            if normalised(sibling) in declares:
                found.append(f"{name} declares {sibling}, which it must not know")
        found += [
            f"{name} declares {distribution} and never imports it"
            for distribution in sorted(unused - set(INDIRECT))
        ]
    return found


def test_table_lists_every_package() -> None:
    assert {path.name for path in REPO.glob("packages/*/src/*")} == set(ARROWS)


def test_packages_keep_to_their_arrows_and_declarations() -> None:
    found = complaints(REPO / "packages", ARROWS)
    assert not found, "\n".join(found)


def test_apps_import_only_what_the_environment_declares() -> None:
    environment = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"][
        "envs"
    ]
    allowed = {normalised(requirement) for requirement in environment["default"]["dependencies"]}
    for pyproject in REPO.glob("packages/*/pyproject.toml"):
        allowed |= declared(pyproject) | {normalised(pyproject.parent.name)}
    own = {path.stem for path in (REPO / "apps").iterdir()}
    stray = [
        f"apps/{item.where} imports {item.module}"
        for item in imports(REPO / "apps")
        if item.top not in own | sys.stdlib_module_names and not allowed & distributions(item.top)
    ]
    assert not stray, "\n".join(stray)


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        (
            "import sttformer, skeleton_mask, skeletonmae; skeletonmae.ready_folder('skeletonmae-small')",
            ["timm", "torchvision", "torch"],
        ),
        ("import skeleton_data", ["torch", "matplotlib"]),
        (
            "import skeleton_runtime; [getattr(skeleton_runtime, name) for name in skeleton_runtime.__all__]",
            ["torch", "matplotlib", "onnx", "pydantic_settings"],
        ),
    ],
)
def test_import_stays_light(statement: str, unwanted: list[str]) -> None:
    code = f"{statement}; import sys; print(*(m for m in {unwanted} if m in sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == []


def test_models_import_neither_timm_nor_the_compiler() -> None:
    """Every public name of the model packages resolved and a model loaded, and still none of them."""
    code = (
        "import sys, torch, sttformer, skeleton_mask, skeletonmae\n"
        "for package in (sttformer, skeleton_mask, skeletonmae):\n"
        "    [getattr(package, name) for name in package.__all__]\n"
        "skeletonmae.from_pretrained('skeletonmae-small').eval()(torch.ones(1, 3, 20, 20, 1))\n"
        "print(*(m for m in ('timm', 'torchvision', 'torch._dynamo') if m in sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == []


# --- the test of the test ---


def write_package(packages: Path, name: str, *, source: str, dependencies: list[str]) -> None:
    folder = packages / name / "src" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "module.py").write_text(source)
    (packages / name / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\ndependencies = {dependencies}\n'
    )


FORBIDDEN = {
    "upward arrow": ("import upper\n", [], "lower/module.py:1 imports upper: lower must not know upper"),
    "arrow inside a function": (
        "def f():\n    from upper.part import x\n",
        [],
        "lower/module.py:2 imports upper.part: lower must not know upper",
    ),
    "arrow by name": (
        "import importlib\n\nimportlib.import_module('upper.part')\n",
        [],
        "lower/module.py:3 imports upper.part: lower must not know upper",
    ),
    "declared arrow": ("", ["upper>=1"], "lower declares upper, which it must not know"),
    "undeclared import": (
        "import hypothesis\n",
        [],
        "lower/module.py:1 imports hypothesis, which its pyproject.toml does not declare",
    ),
    "unused declaration": ("", ["hypothesis>=6"], "lower declares hypothesis and never imports it"),
}


@pytest.mark.parametrize(("source", "dependencies", "complaint"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_complains(tmp_path: Path, source: str, dependencies: list[str], complaint: str) -> None:
    write_package(tmp_path, "lower", source=source, dependencies=dependencies)
    write_package(tmp_path, "upper", source="import lower.part\n", dependencies=["lower"])
    found = complaints(tmp_path, {"lower": set(), "upper": {"lower"}})
    assert complaint in found
    assert not [line for line in found if line.startswith("upper")]


def test_does_not_complain(tmp_path: Path) -> None:
    write_package(
        tmp_path, "lower", source="import os\nfrom _pytest import x\n", dependencies=["pytest[dev]>=8"]
    )
    write_package(tmp_path, "upper", source="from . import y\nfrom lower import z\n", dependencies=["lower"])
    assert complaints(tmp_path, {"lower": set(), "upper": {"lower"}}) == []
