"""The site has more than docs/: READMEs of packages and their pictures, CONTRIBUTING.md, recipes.

Links are written for readers of the repository. In the site docs/ is the root, and the others lie in it.
"""

import ast
import logging
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

log = logging.getLogger("mkdocs.hooks")
LINKED = (
    "CONTRIBUTING.md",
    "packages/*/README.md",
    "packages/*/docs/*.png",
    "configs/**/*.*",
    "CITATION.cff",
    "LICENSE",
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is linked."""
    root = Path(config.config_file_path).parent
    for path in sorted(path for pattern in LINKED for path in root.glob(pattern)):
        where = path.relative_to(root).as_posix()
        files.append(File.generated(config, where, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead where their targets are in the site."""
    place, root = page.file.src_uri, Path(config.config_file_path).parent
    in_repository = Path(page.file.abs_src_path).relative_to(root).as_posix()

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(in_repository), link[1]))
        in_site = target.removeprefix("docs/")
        return f"]({posixpath.relpath(in_site, posixpath.dirname(place) or '.')}"

    return re.sub(r"\]\((?!\w+:|#|/)([^)#\s]+)", moved, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> None:
    """Warn, which ends a strict build, if a page of the API lacks a public name of its package."""
    folder, _, name = page.file.src_uri.removesuffix(".md").rpartition("/")
    if folder == "api":
        for public in _public_names(Path(config.config_file_path).parent, name):
            if not re.search(rf'id="{name}\.(\w+\.)*{public}"', html):
                log.warning("%s: no %s.%s", page.file.src_uri, name, public)


def _public_names(root: Path, package: str) -> list[str]:
    stub = root / "packages" / package.replace("_", "-") / "src" / package / "__init__.pyi"
    for statement in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return ast.literal_eval(statement.value)
    raise ValueError(f"{stub}: no __all__")
