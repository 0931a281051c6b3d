"""The recipes that come with the package, found from any folder.

The wheel holds a copy of the repository's `configs/`, so that a recipe which is named as in a clone
(`configs/pretrain/modern.toml`), or in short (`pretrain/modern`), is found where there is no clone.
"""

from collections.abc import Iterator
from pathlib import Path

from skeleton_lab.errors import InputError

CONFIGS = Path(__file__).parents[1] / "configs"


def find_recipe(name: str | Path, folder: str = "") -> Path:
    """Find a recipe: an existing file, or one of `configs/`, in the working folder or in the package.

    Args:
        name: A path, or the name of a file in `configs/`, with or without `configs/` and `.toml`.
        folder: The folder of `configs/` in which a bare name is looked up, such as `studies`.

    Raises:
        InputError: If there is no such file.

    Example:
        >>> find_recipe("pretrain/modern") == find_recipe("configs/pretrain/modern.toml")
        True
        >>> find_recipe("table1", "studies").name
        'table1.toml'
    """
    path = Path(name)
    if path.is_file():
        return path
    short = Path(*path.parts[1:]) if path.parts[:1] == ("configs",) else path
    if not short.is_absolute() and ".." not in short.parts:
        places = [Path(folder, short), Path(folder, f"{short}.toml"), short, Path(f"{short}.toml")]
        for found in (configs / place for configs in (Path("configs"), CONFIGS) for place in places):
            if found.is_file():
                return found
    where = f" in {folder}" if folder else ""
    raise InputError(f"{name}: no such recipe{where}; `skeleton-lab recipes` lists those of the package")


def recipes() -> Iterator[tuple[str, str]]:
    """Return the files of the package's `configs/`: each name, and the first line of its header comment."""
    for path in sorted(path for path in CONFIGS.rglob("*") if path.is_file()):
        lines = path.read_text(encoding="utf-8").splitlines()
        header = next(line for line in lines if line.startswith("#") and not line.startswith("#!"))
        yield path.relative_to(CONFIGS).as_posix(), header.removeprefix("# ")
