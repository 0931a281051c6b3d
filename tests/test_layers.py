"""Within a package imports point down its layers, and no files import each other in a circle."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]

APPS = "the modules of the apps"
"""One layer: modules that are called as the programs in apps/ are."""

LAYERS = {
    "skeleton_data": (
        *("printable", "option_names", "errors", "command_line", "mistakes"),
        *("files", "replacing", "ordered_map", "problems"),
        *(
            "layouts",
            "clips",
            "file_options",
            "bodies_in_view",
            "transforms",
            "store",
            "splits",
            "ntu",
            "readers",
            "importing",
        ),
        "preprocessing",
        *("dataset", "draw", "export", "synthetic", "cli"),
    ),
    "skeleton_runtime": (
        *(
            "ranges",
            "answers",
            "windows",
            "smoothing",
            "events",
            "calibration",
            "network",
            "model_folder",
            "training_options",
            "recordings",
            "recorded_files",
            "arrays",
            "stream_options",
            "body_slots",
            "live",
            "frame_lines",
            "explanation",
            "given_clips",
            "window_answers",
        ),
        *("recogniser", "page", "serving", "cli"),
    ),
    "skeleton_lab": (
        *("errors", "recipe", "runs", "data", "models", "training", "evaluation", "inference", "pictures"),
        *("baselines", "studies", APPS, "estimator", "cli"),
    ),
}
"""The layers of each package, from the bottom: folders, or modules beside them."""


@dataclass(frozen=True)
class Import:
    """A file and a line, and the file that is imported there, both relative to the package."""

    file: Path
    line: int
    target: Path


def modules(source: Path) -> dict[str, Path]:
    """The dotted name of every module of a package, with its file."""
    found = {}
    for path in sorted(source.rglob("*.py")):
        file = path.relative_to(source)
        parts = file.parent.parts if file.name == "__init__.py" else file.with_suffix("").parts
        found[".".join([source.name, *parts])] = file
    return found


def imports(source: Path) -> Iterator[Import]:
    """Every import of a package's module by another, also in a function, for types, by name."""
    known = modules(source)
    for name, file in known.items():
        base = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
        for node in ast.walk(ast.parse((source / file).read_text(encoding="utf-8"))):
            match node:
                case ast.ImportFrom(module=module, names=names, level=level):
                    parts = base[: len(base) - level + 1] if level else []
                    place = ".".join([*parts, *([module] if module else [])])
                    asked = [f"{place}.{each.name}" for each in names]
                    asked = [each if each in known else place for each in asked]
                case ast.Import(names=names):
                    asked = [each.name for each in names]
                case ast.Call(
                    func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                    args=[ast.Constant(value=str(module)), *_],
                ):
                    asked = [module]
                case _:
                    continue
            for target in dict.fromkeys(asked):
                if target in known and known[target] != file:
                    yield Import(file, node.lineno, known[target])


def complaints(source: Path, layers: Sequence[str], apps: set[str]) -> list[str]:
    """What is wrong with the layers of a package, one line each."""

    def layer(file: Path) -> str:
        top = file.parts[0].removesuffix(".py")
        return APPS if top in apps else top

    ranks = {name: rank for rank, name in enumerate(layers)}
    files = [file for file in modules(source).values() if not file.name.startswith("_")]
    found = [f"{source.name}/{file} is in no layer" for file in sorted(files) if layer(file) not in ranks]
    for item in imports(source):
        place, here, there = f"{source.name}/{item.file}:{item.line}", layer(item.file), layer(item.target)
        if item.target == Path("__init__.py"):
            found.append(f"{place} imports {source.name} itself: import from the module")
        elif here in ranks and there in ranks and ranks[there] > ranks[here]:
            found.append(f"{place} imports {item.target}: {there} is above {here}")
    return found


def circle(source: Path) -> str | None:
    """Files of a package that import each other in a circle, if there are any."""
    graph: dict[Path, set[Path]] = {}
    for item in imports(source):
        if item.target.name != "__init__.py":
            graph.setdefault(item.file, set()).add(item.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " <- ".join(str(file) for file in error.args[1])
    return None


def source_of(package: str) -> Path:
    """Where the sources of a package lie."""
    return REPO / "packages" / package.replace("_", "-") / "src" / package


def app_names() -> set[str]:
    """What the programs in apps/ are called, and the one command that has no program there."""
    return {path.stem for path in (REPO / "apps").glob("*.py")} | {"recipes"}


@pytest.mark.parametrize("package", LAYERS)
def test_imports_point_down(package: str) -> None:
    found = complaints(source_of(package), LAYERS[package], app_names())
    assert not found, "\n".join(found)


@pytest.mark.parametrize("package", LAYERS)
def test_every_layer_is_there(package: str) -> None:
    names = {path.name.removesuffix(".py") for path in source_of(package).iterdir()}
    assert [layer for layer in LAYERS[package] if layer not in names | {APPS}] == []


@pytest.mark.parametrize("source", sorted(REPO.glob("packages/*/src/*")), ids=lambda path: path.name)
def test_no_circles(source: Path) -> None:
    assert circle(source) is None


@pytest.mark.parametrize("package", LAYERS)
def test_architecture_shows_these_layers(package: str) -> None:
    """The table of docs/architecture.md has the layers of the package in this order."""
    document = (REPO / "docs" / "architecture.md").read_text(encoding="utf-8")
    heading = f"## Layers of {package.replace('_', '-')}"
    section = re.search(rf"^{heading}\n(.*?)(?=^## |\Z)", document, flags=re.DOTALL | re.MULTILINE)
    assert section is not None
    rows = re.findall(r"^\| (.+?) \|", section[1], flags=re.MULTILINE)
    assert [row.strip("`") for row in rows[1:]] == list(LAYERS[package])


# --- the test of the test ---


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """A package `small` of these files."""
    source = folder / "small"
    for name, text in {"__init__.py": "", "low/__init__.py": "", "low/deep.py": "", **files}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    return source


UPWARD = {
    "a module": ("from small.high import x\n", "small/low/deep.py:1 imports high.py: high is above low"),
    "in a function": (
        "def f():\n    import small.high\n",
        "small/low/deep.py:2 imports high.py: high is above low",
    ),
    "for types": (
        "if TYPE_CHECKING:\n    from small import high\n",
        "small/low/deep.py:2 imports high.py: high is above low",
    ),
    "relative": ("from ..high import x\n", "small/low/deep.py:1 imports high.py: high is above low"),
    "by name": (
        "import_module('small.high')\n",
        "small/low/deep.py:1 imports high.py: high is above low",
    ),
    "all": ("from small import x\n", "small/low/deep.py:1 imports small itself: import from the module"),
    "an app": (
        "from small import train\n",
        f"small/low/deep.py:1 imports train.py: {APPS} is above low",
    ),
}


@pytest.mark.parametrize(("code", "complaint"), UPWARD.values(), ids=UPWARD)
def test_complains(tmp_path: Path, code: str, complaint: str) -> None:
    source = write(tmp_path, {"low/deep.py": code, "high.py": "", "train.py": ""})
    assert complaints(source, ("low", "high", APPS), {"train"}) == [complaint]


def test_complains_of_what_is_in_no_layer(tmp_path: Path) -> None:
    source = write(tmp_path, {"stray.py": "import small.low", "_version.py": ""})
    assert complaints(source, ("low",), set()) == ["small/stray.py is in no layer"]


def test_does_not_complain(tmp_path: Path) -> None:
    files = {
        "high.py": "import os\nfrom small.low import deep\nfrom .low.deep import x\n",
        "low/deep.py": "from . import y",
    }
    assert complaints(write(tmp_path, files), ("low", "high"), set()) == []


def test_finds_circles(tmp_path: Path) -> None:
    files = {
        "high.py": "from small.low.deep import x\n",
        "low/deep.py": "def f():\n    from small import high\n",
    }
    found = circle(write(tmp_path, files))
    assert found is not None and {"high.py", "low/deep.py"} == set(found.split(" <- "))
    assert circle(write(tmp_path, {"low/deep.py": ""})) is None
