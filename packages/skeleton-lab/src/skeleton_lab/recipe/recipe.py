"""Read a recipe: command line over TOML file over defaults, each mistake on a line that names the field.

A `kind` on the command line that is not the file's replaces the file's whole table.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    CliPositionalArg,
    CliSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from skeleton_lab.errors import InputError
from skeleton_lab.recipe.library import find_recipe


class RecipeSection(BaseModel):
    """A part of a recipe: values only, and no field that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        """Keep the default of what is not given in a table, such as the kind of an optimiser."""
        return _over_defaults(cls, values)


Recipe = TypeVar("Recipe", bound=RecipeSection)


def read_recipe(
    recipe: type[Recipe],
    arguments: Sequence[str],
    *,
    program: str,
    shortcuts: Mapping[str, str | list[str]] | None = None,
    folder: str = "",
) -> Recipe:
    """Read `RECIPE.toml [--field value ...]`.

    Args:
        recipe: The class of the recipe; its docstring and field descriptions are the `--help`.
        arguments: The command line without the program's name.
        program: The program's name for messages.
        shortcuts: Shorter names for fields, such as `{"run.resume": "resume"}`.
        folder: The folder of `configs/` in which a bare name is looked up, such as `studies`.

    Raises:
        InputError: If the file or a value cannot be used; one line for each mistake, naming file or field.
        SystemExit: With code 0, after printing the help.
    """
    kinds = dict(_default_kinds(recipe, ""))

    class RecipeFile(TomlConfigSettingsSource):
        def __call__(self) -> dict[str, Any]:
            return _of_the_kinds(super().__call__(), command_line(), kinds, "")

    class Settings(BaseSettings, recipe):  # type: ignore[misc, valid-type]
        __doc__ = recipe.__doc__
        model_config = SettingsConfigDict(
            cli_prog_name=program,
            cli_exit_on_error=False,
            cli_implicit_flags=True,
            cli_hide_none_type=True,
            cli_avoid_json=True,
            cli_shortcuts=shortcuts,
        )
        RECIPE: CliPositionalArg[Path] = Field(
            description="TOML file, or its name in configs/; options override its fields."
        )

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], **_: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return command_line, RecipeFile(settings_cls, toml_file=file)

    try:
        command_line: CliSettingsSource[Any] = CliSettingsSource(Settings)
        _describe_kinds(command_line, recipe)
        file = find_recipe(command_line(args=list(arguments))()["RECIPE"], folder)
        settings = Settings()
    except SettingsError as error:
        raise InputError(str(error).removeprefix("error parsing CLI: ")) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a TOML file: {error}") from error
    except ValidationError as error:
        raise InputError("\n".join(complaints(error, recipe))) from error
    return recipe(**{name: getattr(settings, name) for name in settings.model_fields_set - {"RECIPE"}})


def _of_the_kinds(
    file: dict[str, Any], given: Mapping[str, Any], kinds: Mapping[str, str], prefix: str
) -> dict[str, Any]:
    """Leave out the tables of the file in whose place the command line has another kind."""
    kept = {}
    for name, value in file.items():
        over, field = given.get(name), f"{prefix}{name}."
        if isinstance(value, dict) and isinstance(over, dict):
            kind = value.get("kind", kinds.get(f"{field}kind"))
            if over.get("kind", kind) != kind:
                continue
            value = _of_the_kinds(value, over, kinds, field)
        kept[name] = value
    return kept


def complaints(error: ValidationError, recipe: type[BaseModel]) -> Iterator[str]:
    """Say each mistake of a recipe on a line of its own: field, complaint, value."""
    kinds = dict(_default_kinds(recipe, ""))
    for mistake in error.errors(include_url=False):
        path = [str(part) for part in mistake["loc"]]
        # Below a field of several kinds pydantic puts the kind into the path; it is no field.
        tag = next((i for i in range(1, len(path)) if ".".join([*path[:i], "kind"]) in kinds), None)
        kind = f" of {path.pop(tag)}" if tag else ""
        field = ".".join(path) or "recipe"
        match mistake["type"]:
            case "extra_forbidden":
                yield f"{field}: unknown field{kind} (see --help)"
            case "missing":
                yield f"{field}: missing"
            case "value_error" if isinstance(mistake["input"], dict):
                yield f"{field}: {mistake['ctx']['error']}"
            case _:
                yield f"{field}: {mistake['msg'].removeprefix('Value error, ')}, got {mistake['input']!r}"


def _describe_kinds(command_line: CliSettingsSource[Any], recipe: type[BaseModel]) -> None:
    """Let the help of each `kind` name the kind of the recipe's default, not that of the last alternative."""
    defaults = dict(_default_kinds(recipe, ""))
    for action in command_line.root_parser._actions:
        if action.dest in defaults:
            action.help = f"Which of these; each has fields of its own. (default: {defaults[action.dest]})"


def _default_kinds(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    """Fields of several kinds, as `model.mask.kind`, each with the kind of its default."""
    for name, field in section.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        if _is_section(field.annotation):
            yield from _default_kinds(field.annotation, f"{prefix}{name}.")
        elif hasattr(default, "kind"):
            yield f"{prefix}{name}.kind", default.kind


def _over_defaults(section: type[BaseModel], values: Any) -> Any:
    """Complete the tables that are given in part by what the section's own defaults set in them."""
    if not isinstance(values, dict):
        return values
    values = dict(values)
    for name in values.keys() & section.model_fields.keys():
        field = section.model_fields[name]
        default = field.get_default(call_default_factory=True, validated_data={})
        if isinstance(default, BaseModel) and isinstance(values[name], dict):
            own = default.model_dump(include=default.model_fields_set | {"kind"})
            if values[name].get("kind", own.get("kind")) == own.get("kind"):
                values[name] = own | values[name]
        if _is_section(field.annotation):
            values[name] = _over_defaults(field.annotation, values[name])
    return values


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
