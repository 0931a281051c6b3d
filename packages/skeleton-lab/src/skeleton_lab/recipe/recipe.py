"""Recipes: the command line over a TOML file over defaults; each mistake is a line that names the field.

Wherever a table has a `kind`, one of another kind takes its place as a whole (`settings.merged`).
"""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, create_model, model_validator
from pydantic_settings import BaseSettings, CliPositionalArg, CliSettingsSource, SettingsError

from skeleton_data import in_words, nearest_field
from skeleton_lab.errors import Complaint, InputError
from skeleton_lab.recipe.flags import Flags, without_none
from skeleton_lab.recipe.library import find_recipe
from skeleton_lab.recipe.mistakes import mistakes
from skeleton_lab.recipe.ranges import kinds_of, ranges_of, with_range
from skeleton_lab.recipe.renamed import up_to_date
from skeleton_lab.recipe.settings import Settings, merged
from skeleton_lab.recipe.text_files import read_toml


class RecipeSection(BaseModel):
    """A part of a recipe: values only, and no field that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    _given: Settings = PrivateAttr(default_factory=dict)
    _named: bool = PrivateAttr(True)

    @property
    def named(self) -> bool:
        """Whether the command line named the file that it was read from."""
        return self._named

    def given(self, table: str) -> set[str]:
        """Return the fields of a table that the command line gave, not the file."""
        return set(self._given.get(table, {}))

    def is_given(self, field: str) -> bool:
        """Return whether the command line gave a field, as `training.epochs`, or a part of it."""
        return _is_given(field.split("."), self._given)

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        return over_defaults(cls, values) if isinstance(values, dict) else values


Section = TypeVar("Section", bound=BaseModel)


def read_recipe(
    recipe: type[Section],
    arguments: Sequence[str],
    *,
    program: str,
    shortcuts: Mapping[str, str | list[str]] | None = None,
    folder: str = "",
    default: str | None = None,
) -> Section:
    """Read the command line `RECIPE.toml [--field value ...]`.

    Args:
        recipe: The class of the recipe; its docstring and field descriptions are the `--help`.
        arguments: The command line without the program's name.
        program: The program's name for messages.
        shortcuts: Shorter names for fields, such as `{"run.resume": "resume"}`.
        folder: The folder of `configs/` in which a bare name is looked up, such as `studies`.
        default: The recipe that is read where none is named. Its data and its folder, which are examples, are
            left out: the command line must give them.

    Raises:
        InputError: If the file or a value cannot be used; one line for each mistake, naming file or field.
        SystemExit: With code 0, after printing the help.
    """
    description = (
        "TOML file, or its name in configs/; options override its fields. The defaults below are of fields "
        "that it leaves out."
    )
    positional: Any = CliPositionalArg
    file = (positional[Path], Field(description=description))
    if default:
        description += (
            f" Without one it is {default}, with what suits the clips that are found: its values are not the "
            "defaults below, and --dry_run prints them. Own data need --data.store, --data.protocol and "
            "--folder."
        )
        file = (positional[Path | None], Field(None, description=description))
    line = create_model("CommandLine", __base__=(BaseSettings, recipe), __doc__=recipe.__doc__, RECIPE=file)
    given = _parse(line, arguments, recipe, program, cli_shortcuts=shortcuts)
    name = given.pop("RECIPE", None)
    file_given = find_recipe(name or default or "", folder)
    content = read_toml(file_given)
    content = _without_replaced(content if name else _without_examples(content), given)
    values = merged(over_defaults(recipe, content), given)
    read = _checked(recipe, values, file=file_given if name else None, given=given)
    if isinstance(read, RecipeSection):
        read._given, read._named = given, name is not None
    return read


def _without_examples(content: Settings) -> Settings:
    """Return a recipe without the data and the folder that it is an example with."""
    examples = {"data": {"store", "protocol", "sources"}, "run": {"folder"}}
    return {
        table: {field: value for field, value in fields.items() if field not in examples[table]}
        if table in examples
        else fields
        for table, fields in content.items()
    }


def _without_replaced(content: Settings, given: Settings) -> Settings:
    """Return a recipe without its protocol where the command line gives a split, and the other way round."""
    asked, data = given.get("data"), content.get("data")
    if not (isinstance(asked, dict) and isinstance(data, dict)):
        return content
    replaced = {new: old for new, old in (("split", "protocol"), ("protocol", "split")) if asked.get(new)}
    if len(replaced) != 1:
        return content
    return content | {"data": {field: data[field] for field in data if field not in replaced.values()}}


def read_options(options: type[Section], arguments: Sequence[str], *, program: str) -> Section:
    """Read the command line of an app that needs no recipe.

    Args:
        options: The class of the options; its docstring and field descriptions are the `--help`.
        arguments: The command line without the program's name.
        program: The program's name for messages.

    Raises:
        InputError: If a value cannot be used; one line for each mistake, naming the option.
        SystemExit: With code 0, after printing the help.
    """
    line = create_model("CommandLine", __base__=(BaseSettings, options), __doc__=options.__doc__)
    return _checked(options, _parse(line, arguments, options, program, cli_enforce_required=True))


def _parse(
    line: type[BaseModel], arguments: Sequence[str], recipe: type[BaseModel], program: str, **settings: Any
) -> Settings:
    """Return the fields that a command line gives."""
    default_kinds, flags = dict(_default_kinds(recipe)), Flags()
    asked = not {"-h", "--help"}.isdisjoint(arguments)
    kinds, ranges = (kinds_of(recipe), ranges_of(recipe)) if asked else ({}, {})

    def add_argument(parser: argparse.ArgumentParser, *names: str, **option: Any) -> argparse.Action:
        field = option.get("dest", "")
        # pydantic-settings would name the kind of the last alternative alone, and it as the default.
        if (kind := default_kinds.get(field)) is not None:
            of = ", ".join(kinds.get(field, [kind]))
            option["help"] = f"Kind: {of}; each has fields of its own. (default: {kind})"
            option["metavar"] = "str"
        option["help"] = with_range(without_none(option.get("help")), ranges.get(field))
        if isinstance(option.get("metavar"), str):  # numbers with commas between, no tuple of Python
            form = re.sub(r"^tuple\[([^\[\]]*)\]$", r"\1", option["metavar"])
            option["metavar"] = "WIDTHxHEIGHT" if field == "picture" else form
        action = parser.add_argument(*names, **option)
        flags.note(action)
        return action

    def add_group(parser: argparse.ArgumentParser, **group: Any) -> Any:
        description = group.get("description")
        return parser.add_argument_group(**group | {"description": without_none(description)})

    try:
        source: CliSettingsSource[Any] = CliSettingsSource(
            cast(type[BaseSettings], line),
            cli_prog_name=f"skeleton-lab {program}",
            cli_exit_on_error=False,
            cli_implicit_flags=True,
            cli_hide_none_type=True,
            cli_avoid_json=True,
            add_argument_method=add_argument,
            add_argument_group_method=add_group,
            **settings,
        )
        return up_to_date(source(args=list(flags.rewritten(arguments)))())
    except SettingsError as error:
        complaint = str(error).removeprefix("error parsing CLI: ")
        sections = [field.removesuffix("kind") for field in default_kinds]
        raise flags.blamed(arguments, complaint, sections) from error


def _checked(
    recipe: type[Section], values: Settings, *, file: Path | None = None, given: Settings | None = None
) -> Section:
    """Validate; a complaint about what the command line did not give names the recipe's file."""
    try:
        return recipe.model_validate(values)
    except ValidationError as error:
        kinds = dict(_default_kinds(recipe))
        raise InputError.of(
            complaint
            if _is_given(_field(mistake["loc"], kinds)[0], given or {})
            else replace(complaint, file=file)
            for mistake, complaint in zip(mistakes(error), complaints(error, recipe), strict=True)
        ) from error


def _is_given(field: Sequence[str], given: Settings) -> bool:
    """Return whether the command line gave a field, or a part of it."""
    inside: Any = given
    for part in field:
        if not isinstance(inside, Mapping):
            break
        if part not in inside:
            return False
        inside = inside[part]
    return bool(field)


def _field(place: Sequence[int | str], kinds: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """Return the path of a field, and the kind that pydantic puts into it below a field of several kinds."""
    path = [str(part) for part in place]
    tag = next((i for i in range(1, len(path)) if ".".join([*path[:i], "kind"]) in kinds), None)
    return path, path.pop(tag) if tag else None


def complaints(error: ValidationError, recipe: type[BaseModel]) -> Iterator[Complaint]:
    """Yield what is wrong with each field of a recipe, with the value that it has."""
    kinds = dict(_default_kinds(recipe))
    for mistake in mistakes(error):
        path, tag = _field(mistake["loc"], kinds)
        kind, field = f" of {tag}" if tag else "", ".".join(path)
        match mistake["type"]:
            case "extra_forbidden":
                near = nearest_field(mistake, recipe)
                meant = f"the nearest is {near}" if near else "see --help"
                yield Complaint(field, f"unknown field{kind} ({meant})")
            case "missing":
                in_list = any(part.isdecimal() for part in path)  # which no option reaches
                yield Complaint(
                    field, "missing" if in_list else f"missing; give it in the recipe, or as --{field}"
                )
            case "union_tag_invalid":
                yield Complaint(f"{field}.kind", in_words(mistake, recipe))
            case _:
                yield Complaint(field, in_words(mistake, recipe))


def over_defaults(section: type[BaseModel], values: Settings) -> Settings:
    """Complete the tables that are given in part by what the section's own defaults set in them."""
    own = {
        name: default.model_dump(include=default.model_fields_set | {"kind"})
        for name, default in _defaults(section)
        if isinstance(values.get(name), dict) and isinstance(default, BaseModel)
    }
    values = merged(own, values)
    for name, part in _sections(section):
        if isinstance(values.get(name), dict):
            values[name] = over_defaults(part, values[name])
    return values


def _default_kinds(section: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Fields of several kinds, as `model.mask.kind`, each with the kind of its default."""
    parts = dict(_sections(section))
    for name, default in _defaults(section):
        if name in parts:
            yield from _default_kinds(parts[name], f"{prefix}{name}.")
        elif hasattr(default, "kind"):
            yield f"{prefix}{name}.kind", default.kind


def _defaults(section: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, field in section.model_fields.items():
        yield name, field.get_default(call_default_factory=True, validated_data={})


def _sections(section: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Return the fields that are sections of one kind."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation
