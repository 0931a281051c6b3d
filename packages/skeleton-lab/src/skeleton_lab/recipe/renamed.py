"""Fields, options and recipes that had another name in the version before: the old names still work.

Old names are written in recipes, studies, command lines, and the `config.toml` of runs. They become today's
where a file or a command line is read, so nothing else knows them. The next version drops this table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FIELDS: Mapping[str, str] = {
    "augment.axis_rotation_chance": "augment.axis_rotation_probability",
    "augment.chance": "augment.probability",
    "augment.noise_chance": "augment.noise_probability",
    "sampling.heading": "sampling.face_forward",
    "self_training.labelled_share": "self_training.labelled_fraction",
    "terms": "preset",
    "training.accumulate": "training.gradient_accumulation_steps",
    "training.clip_norm": "training.max_grad_norm",
    "training.log_steps": "training.log_every",
    "training.period": "training.eval_every",
}
"""Old and new names of fields, each with the table that has it, wherever that table is."""
RECIPES: Mapping[str, str] = {
    "presets/modern": "presets/adamw_cosine",
    "terms/modern": "presets/adamw_cosine",
    "terms/paper": "presets/paper",
    "pretrain/modern": "pretrain/default",
    "contrast/modern": "contrast/default",
    "finetune/modern": "finetune/default",
    "finetune/modern-layerwise": "finetune/layerwise",
}
"""Old and new names of files in `configs/`, without the ending."""
SUBCOMMANDS: Mapping[str, str] = {"rebuilt": "reconstruction"}
"""Old and new names of the pictures of `visualize`."""


def up_to_date(settings: Mapping[str, Any], table: str = "") -> dict[str, Any]:
    """Return settings under today's names.

    Args:
        settings: Nested tables, as in a recipe.
        table: The name of the table that they are, empty for a whole recipe.

    Raises:
        ValueError: If a field is there under both its names.

    Example:
        >>> up_to_date({"training": {"period": 50, "epochs": 4}})
        {'training': {'eval_every': 50, 'epochs': 4}}
    """
    result: dict[str, Any] = {}
    for name, value in settings.items():
        today = _today(table, name)
        if today != name and today in settings:
            raise ValueError(f"{name} is now called {today}, and both are given: leave out {name}")
        result[today] = _inside(value, name)
    return result


def _inside(value: Any, table: str) -> Any:
    if isinstance(value, Mapping):
        return up_to_date(value, table)
    return [_inside(each, "") for each in value] if isinstance(value, list) else value


def option_today(option: str) -> str:
    """Return an option of a command line under its name of today.

    Example:
        >>> option_today("--no-data.sampling.heading"), option_today("--training.epochs")
        ('--no-data.sampling.face_forward', '--training.epochs')
    """
    dashes = "--no-" if option.startswith("--no-") else "--"
    *tables, name = option.removeprefix(dashes).split(".")
    return dashes + ".".join([*tables, _today(tables[-1] if tables else "", name)])


def subcommand_today(arguments: Sequence[str]) -> list[str]:
    """Return a command line whose first word, a subcommand, has its name of today.

    Example:
        >>> subcommand_today(["rebuilt", "runs/a"])
        ['reconstruction', 'runs/a']
    """
    return [SUBCOMMANDS.get(name, name) for name in arguments[:1]] + [*arguments[1:]]


def _today(table: str, name: str) -> str:
    old = f"{table}.{name}" if table else name
    return FIELDS.get(old, old).rpartition(".")[2]
