"""List the recipes that come with the package, or print one.

    skeleton-lab recipes
    skeleton-lab recipes --show pretrain/default > mine.toml

These names can stand wherever a recipe, a study, a preset or sizes are expected; a file of the same path
comes first.
"""

import argparse
from pathlib import Path

from skeleton_lab.errors import InputError, exit_on_bad_input
from skeleton_lab.recipe.library import find_recipe, recipes


def _named(name: str) -> Path:
    """Find a recipe by its name; studies do without their folder, as for `skeleton-lab reproduce`."""
    try:
        return find_recipe(name, "studies")
    except InputError:
        return find_recipe(name)


@exit_on_bad_input("recipes")
def main() -> None:
    """Print the list, or the recipe that is named."""
    parser = argparse.ArgumentParser(
        prog="skeleton-lab recipes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--show", metavar="NAME", help="Name of a recipe; it is printed instead of the list.")
    name = parser.parse_args().show
    if name:
        print(_named(name).read_text(encoding="utf-8"), end="")
    else:
        print("\n".join(f"{path:40} {header}" for path, header in recipes()))


if __name__ == "__main__":
    main()
