"""Settings of a recipe as nested tables: merged, and as options of a command line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Settings = dict[str, Any]
"""Fields of a recipe, as in its TOML file: `{"training": {"epochs": 4}}`."""


def merged(*tables: Mapping[str, Any]) -> Settings:
    """Merge tables, later over earlier; a table of another kind takes the place of the earlier one.

    Example:
        >>> merged({"mask": {"kind": "tube", "ratio": 1}, "seed": 0}, {"mask": {"ratio": 2}})
        {'mask': {'kind': 'tube', 'ratio': 2}, 'seed': 0}
        >>> merged({"mask": {"kind": "tube", "ratio": 1}}, {"mask": {"kind": "frame_only"}})
        {'mask': {'kind': 'frame_only'}}
    """
    result: Settings = {}
    for table in tables:
        for name, value in table.items():
            if isinstance(value, Mapping):
                before = result.get(name)
                below = before if isinstance(before, dict) else {}
                same = value.get("kind", below.get("kind")) == below.get("kind")
                value = merged(below, value) if same else merged(value)
            result[name] = value
    return result


def options(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Command-line options that set these fields.

    Example:
        >>> list(options({"data": {"validation": 0.1, "sampling": {"face_forward": True}}, "seed": None}))
        ['--data.validation', '0.1', '--data.sampling.face_forward', '--seed', 'None']
        >>> list(options({"model": {"blocks": [[8, 2], [16, 4]]}}))
        ['--model.blocks', '[[8, 2], [16, 4]]']
        >>> list(options({"model": {"latent": {}}}))  # an empty table switches on what is off by default
        ['--model.latent', '{}']
    """
    for name, value in settings.items():
        field = f"{prefix}{name}"
        match value:
            case Mapping() if value:
                yield from options(value, f"{field}.")
            case Mapping():
                yield from (f"--{field}", "{}")
            case bool():
                yield f"--{field}" if value else f"--no-{field}"
            case list() | tuple():
                yield from (f"--{field}", json.dumps(value))
            case _:
                yield from (f"--{field}", str(value))
