"""READMEs of packages, their pictures and the recipes belong to the site, though they lie outside of docs/.

Links are written for readers of the repository. In the site docs/ is the root, and the others lie in it.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

LINKED = ("packages/*/README.md", "packages/*/docs/*.png", "configs/**/*.*", "CITATION.cff", "LICENSE")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is linked."""
    root = Path(config.config_file_path).parent
    for path in sorted(path for pattern in LINKED for path in root.glob(pattern)):
        where = path.relative_to(root).as_posix()
        files.append(File.generated(config, where, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead where their targets are in the site."""
    place = page.file.src_uri
    in_repository = place if place.startswith("packages/") else f"docs/{place}"

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(in_repository), link[1]))
        in_site = target.removeprefix("docs/")
        return f"]({posixpath.relpath(in_site, posixpath.dirname(place) or '.')}"

    return re.sub(r"\]\((?!\w+:|#|/)([^)#\s]+)", moved, markdown)
