"""The recipes that come with the package, found from any folder.

The wheel holds a copy of the repository's `configs/`, so that a recipe which is named as in a clone
(`configs/pretrain/default.toml`), or in short (`pretrain/default`), is found where there is no clone.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path

from skeleton_lab.errors import InputError
from skeleton_lab.recipe.renamed import RECIPES

CONFIGS = Path(__file__).parents[1] / "configs"


def find_recipe(name: str | Path, folder: str = "") -> Path:
    """Find a recipe: an existing file, or one of `configs/`, in the working folder or in the package.

    Args:
        name: A path, or the name of a file in `configs/`, with or without `configs/` and `.toml`.
        folder: The folder of `configs/` in which a bare name is looked up, such as `studies`.

    Raises:
        InputError: If there is no such file.

    Example:
        >>> find_recipe("pretrain/default") == find_recipe("configs/pretrain/default.toml")
        True
        >>> find_recipe("table1", "studies").name
        'table1.toml'
    """
    path = Path(name)
    if path.is_file():
        return path
    if not str(name).strip():
        raise InputError("the name of the recipe is empty; `skeleton-lab recipes` lists names")
    if path.is_dir():
        raise InputError(f"{name} is a folder: name the recipe file in it")
    if path.is_absolute():
        raise InputError(f"{name}: no such file")
    short = Path(*path.parts[1:]) if path.parts[:1] == ("configs",) else path
    if not short.is_absolute() and ".." not in short.parts:
        short = _today(folder, short)
        candidates = [Path(folder, short), Path(folder, f"{short}.toml"), short, Path(f"{short}.toml")]
        for found in (configs / place for configs in (Path("configs"), CONFIGS) for place in candidates):
            if found.is_file():
                return found
    where = f" in {folder}" if folder else ""
    inside = f"{folder}/" if folder else ""
    names = [
        path.removeprefix(inside).removesuffix(".toml") for path, _ in recipes() if path.startswith(inside)
    ]
    near = get_close_matches(str(name), [*names, *(Path(each).stem for each in names)], n=1, cutoff=0.7)
    nearest = [each for each in names if near and near[0] in (each, Path(each).stem)]
    meant = f" (the nearest names: {', '.join(nearest)})" if nearest else ""
    raise InputError(
        f"{name}: no such recipe{where}{meant}; `skeleton-lab recipes` lists those of the package"
    )


def _today(folder: str, short: Path) -> Path:
    """Return the name of a recipe, which may be that of an earlier version, as it is today."""
    for name in (Path(folder, short), short):
        if today := RECIPES.get(name.with_suffix("").as_posix()):
            return Path(today.removeprefix(f"{folder}/") + ".toml")
    return short


def recipes() -> Iterator[tuple[str, str]]:
    """Return the files of the package's `configs/`: each name, and the first sentence of its header."""
    for path in sorted(path for path in CONFIGS.rglob("*") if path.is_file()):
        lines = path.read_text(encoding="utf-8").splitlines()
        comments = (line for line in lines if not line.startswith("#!"))
        header = " ".join(line.removeprefix("#").strip() for line in takewhile(_is_text, comments))
        yield path.relative_to(CONFIGS).as_posix(), re.split(r"(?<!al\.)(?<=\.)\s", header, maxsplit=1)[0]


def _is_text(line: str) -> bool:
    """Return whether a line of a header comment goes on with its first paragraph."""
    return line.startswith("# ")
