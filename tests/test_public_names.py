"""What packages, apps, benchmarks, documents and examples import from a package are its public names.

A package's public names are those that its `__init__.pyi` lists.
"""

import ast
import doctest
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from documents import DOCUMENTS, PYTHON, blocks

REPO = Path(__file__).parents[1]

PUBLIC_MODULES = ("skeleton_data.synthetic", "skeleton_data.transforms", "skeleton_lab.cli", "sttformer.timm")
"""Modules inside a package that others may import from, beside the apps in `skeleton_lab`."""

Public = Mapping[str, set[str]]
"""The names that each public module offers."""


def offered(source: Path) -> set[str]:
    """What `__all__` of a stub lists, or the names without underscore that a module defines."""
    names: set[str] = set()
    for statement in ast.parse(source.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return set(ast.literal_eval(value))
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


def public_names(repo: Path, modules: tuple[str, ...]) -> dict[str, set[str]]:
    """Every public module of a repository, with the names that it offers."""
    packages = {path.name: path for path in repo.glob("packages/*/src/*")}
    found = {name: offered(path / "__init__.pyi") for name, path in packages.items()}
    for module in modules:
        path = packages[module.partition(".")[0]].joinpath(*module.split(".")[1:])
        found[module] = offered(path / "__init__.pyi" if path.is_dir() else path.with_suffix(".py"))
    return found


def complaints(code: str, where: str, public: Public, *, own: str | None = None, line: int = 0) -> list[str]:
    """What code imports from packages, but for its own, that is not public: one line each."""
    found = []
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.ImportFrom(module=str(module), names=names, level=0):
                asked = [(module, name.name) for name in names]
            case ast.Import(names=names):
                asked = [(name.name, None) for name in names]
            case _:
                continue
        for module, name in asked:
            package = module.partition(".")[0]
            if package not in public or package == own:
                continue
            place = f"{where}:{node.lineno + line}"
            if module not in public:
                found.append(f"{place} imports {module}, which is not public: import from {package}")
            elif name and name not in public[module] and f"{module}.{name}" not in public:
                found.append(f"{place} imports {name} from {module}, which does not list it")
    return found


def examples(text: str) -> Iterator[tuple[int, str]]:
    """The code of a text's `>>>` examples, each with the lines above it."""
    for example in doctest.DocTestParser().get_examples(text):
        yield example.lineno, example.source


def docstrings(code: str) -> Iterator[tuple[int, str]]:
    """The docstrings of a module, each with the line that it begins on."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            yield node.body[0].lineno, ast.get_docstring(node, clean=False)


PUBLIC = public_names(
    REPO, (*PUBLIC_MODULES, *(f"skeleton_lab.{app.stem}" for app in sorted(REPO.glob("apps/*.py"))))
)
SOURCES = sorted(REPO.glob("packages/*/src/**/*.py"))
PROGRAMS = sorted(path for name in ("apps", "benchmarks", "docs") for path in (REPO / name).rglob("*.py"))
STUBS = sorted(REPO.glob("packages/*/src/**/__init__.pyi"))


def test_sources_borrow_public_names_only() -> None:
    found = []
    for path in SOURCES:
        code, where = path.read_text(encoding="utf-8"), str(path.relative_to(REPO))
        own = path.relative_to(REPO).parts[3]
        found += complaints(code, where, PUBLIC, own=own)
        for start, docstring in docstrings(code):
            for line, example in examples(docstring):
                found += complaints(example, where, PUBLIC, own=own, line=start + line - 1)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", PROGRAMS, ids=[path.relative_to(REPO).as_posix() for path in PROGRAMS])
def test_programs_import_public_names_only(path: Path) -> None:
    found = complaints(path.read_text(encoding="utf-8"), str(path.relative_to(REPO)), PUBLIC)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents_import_public_names_only(document: Path) -> None:
    found = []
    for block in blocks(document):
        if block.kind in PYTHON:
            code = examples(block.text) if block.text.startswith(">>>") else [(0, block.text)]
            for line, part in code:
                found += complaints(part, document.name, PUBLIC, line=block.line + line)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("stub", STUBS, ids=[path.parent.name for path in STUBS])
def test_stub_lists_what_it_imports(stub: Path) -> None:
    """`lazy_loader` offers what a stub imports; type checkers and the pages of the API read what it lists."""
    statements = ast.parse(stub.read_text(encoding="utf-8")).body
    imported = [
        alias.asname for node in statements if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    assert sorted(set(imported) - {"__version__"}) == sorted(offered(stub))
    assert len(imported) == len(set(imported))


# --- the test of the test ---

WRONG = {
    "a module inside": (
        "from lower.part import name\n",
        "code.py:1 imports lower.part, which is not public: import from lower",
    ),
    "the module itself": (
        "def f():\n    import lower.part\n",
        "code.py:2 imports lower.part, which is not public: import from lower",
    ),
    "a name that is not listed": (
        "from lower import name, hidden\n",
        "code.py:1 imports hidden from lower, which does not list it",
    ),
    "a name of a public module": (
        "from lower.open import name\n",
        "code.py:1 imports name from lower.open, which does not list it",
    ),
    "a private name": (
        "from lower.tool import _help\n",
        "code.py:1 imports _help from lower.tool, which does not list it",
    ),
}


@pytest.fixture
def small(tmp_path: Path) -> Public:
    """A repository of one package `lower` with two public modules."""
    package = tmp_path / "packages" / "lower" / "src" / "lower"
    (package / "open").mkdir(parents=True)
    (package / "__init__.pyi").write_text('from .part import name as name\n\n__all__ = ["name"]\n')
    (package / "open" / "__init__.pyi").write_text('__all__ = ["other"]\n')
    (package / "tool.py").write_text("import os\n\ndef use(): ...\n\ndef _help(): ...\n\nclass Tool: ...\n")
    return public_names(tmp_path, ("lower.open", "lower.tool"))


def test_public_names_are_found(small: Public) -> None:
    assert small == {"lower": {"name"}, "lower.open": {"other"}, "lower.tool": {"use", "Tool"}}


@pytest.mark.parametrize(("code", "complaint"), WRONG.values(), ids=WRONG)
def test_complains(small: Public, code: str, complaint: str) -> None:
    assert complaints(code, "code.py", small) == [complaint]
    assert complaints(code, "code.py", small, own="lower") == []


def test_does_not_complain(small: Public) -> None:
    code = "import os\nimport lower, lower.open\nfrom lower import name, open\nfrom lower.tool import Tool\n"
    assert complaints(code + "from . import part\n", "code.py", small) == []


def test_examples_of_docstrings_are_read(small: Public) -> None:
    code = 'def f():\n    """Do.\n\n    >>> from lower.part import name\n    """\n'
    ((start, docstring),) = docstrings(code)
    ((line, example),) = examples(docstring)
    assert complaints(example, "code.py", small, line=start + line - 1) == [
        "code.py:4 imports lower.part, which is not public: import from lower"
    ]
