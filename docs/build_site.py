"""Build the site: `hatch run docs:build [FOLDER]`, by default into `site/`.

The site has more pages than `docs/`: the READMEs of the packages, CONTRIBUTING.md and the executed notebooks.
Links are written for readers of the repository; they are changed here to where their targets are in the site.
So another generator than Zensical needs another `zensical.toml`, and no other change of the sources.
"""

import ast
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("docs/**/*.md", "CONTRIBUTING.md", "packages/*/README.md", "packages/*/src/*/weights/*/README.md")
NOTEBOOKS = "docs/notebooks/*.ipynb"
LINKED = (
    "docs/**/*.png",
    "docs/**/*.gif",
    "docs/**/*.css",
    "docs/results/tables/*.csv",
    "packages/*/docs/*.png",
    "configs/**/*.*",
    "CITATION.cff",
    "LICENSE",
)


def main(folder: Path) -> None:
    """Assemble the sources in a temporary folder, build the site there, check it and move it to `folder`."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        assemble(work / "docs")
        shutil.copy(ROOT / "zensical.toml", work)
        shutil.copy(ROOT / "docs/api_docstrings.py", work)
        (work / "packages").symlink_to(ROOT / "packages")  # mkdocstrings reads these, and imports nothing
        subprocess.run(["zensical", "build", "--strict"], cwd=work, check=True)
        check_api(work / "site")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(work / "site", folder)


def assemble(site: Path) -> None:
    """Copy pages, with their links changed, notebooks as they are executed, and the files that pages link."""
    for path in (path for pattern in LINKED for path in ROOT.glob(pattern)):
        copy = site / in_site(path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for path in (path for pattern in PAGES for path in ROOT.glob(pattern)):
        copy = site / in_site(path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(with_links_of_site(path.read_text(encoding="utf-8"), path), encoding="utf-8")
    for path in ROOT.glob(NOTEBOOKS):
        execute(path, site / "notebooks")


def in_site(path: Path) -> str:
    """Return where a file of the repository lies in the site, whose root is `docs/`."""
    return path.relative_to(ROOT).as_posix().removeprefix("docs/")


def with_links_of_site(markdown: str, page: Path) -> str:
    """Let the links of a page lead where their targets are in the site."""

    def moved(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(page.parent / link[1]))
        address = posixpath.relpath(in_site(target), posixpath.dirname(in_site(page)) or ".")
        return f"]({address.removesuffix('.ipynb') + '.md' if target.suffix == '.ipynb' else address}"

    return re.sub(r"\]\((?!\w+:|#|/)([^)#\s]+)", moved, markdown)


def execute(notebook: Path, folder: Path) -> None:
    """Execute a notebook and write it as a page, with its pictures beside it."""
    command = [sys.executable, "-m", "nbconvert", "--to", "markdown", "--execute", notebook.name]
    quiet = os.environ | {"PYTHONWARNINGS": "ignore"}  # a warning would show folders of this machine
    with tempfile.TemporaryDirectory() as work:  # what the notebook writes
        shutil.copy(notebook, work)
        subprocess.run([*command, "--output-dir", str(folder)], cwd=work, check=True, env=quiet)
    page = folder / f"{notebook.stem}.md"
    page.write_text(with_links_of_site(page.read_text(encoding="utf-8"), notebook), encoding="utf-8")


def check_api(site: Path) -> None:
    """Refuse a site whose page of a package lacks a public name of it."""
    missing = []
    for stub in sorted(ROOT.glob("packages/*/src/*/__init__.pyi")):
        package = stub.parent.name
        page = (site / "api" / package / "index.html").read_text(encoding="utf-8")
        for name in public_names(stub):
            if not re.search(rf'id="{package}\.(\w+\.)*{name}"', page):
                missing.append(f"{package}.{name}")
    if missing:
        sys.exit(f"docs/api: no {', '.join(missing)}")


def public_names(stub: Path) -> list[str]:
    """Return the names that a package lists in `__all__`."""
    for statement in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return ast.literal_eval(statement.value)
    raise ValueError(f"{stub}: no __all__")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "site").absolute())
