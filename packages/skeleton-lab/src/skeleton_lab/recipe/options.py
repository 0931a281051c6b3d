"""Read the options of an app that needs no recipe; each mistake on a line that names the option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import complaints

Options = TypeVar("Options", bound=BaseModel)


def read_options(options: type[Options], arguments: Sequence[str], *, program: str) -> Options:
    """Read a command line.

    Args:
        options: The class of the options; its docstring and field descriptions are the `--help`.
        arguments: The command line without the program's name.
        program: The program's name for messages.

    Raises:
        InputError: If a value cannot be used; one line for each mistake, naming the option.
        SystemExit: With code 0, after printing the help.
    """

    class Settings(BaseSettings, options):  # type: ignore[misc, valid-type]
        __doc__ = options.__doc__
        model_config = SettingsConfigDict(
            cli_prog_name=program,
            cli_exit_on_error=False,
            cli_implicit_flags=True,
            cli_hide_none_type=True,
            cli_avoid_json=True,
            cli_enforce_required=True,
        )

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], **_: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (command_line,)

    try:
        command_line: CliSettingsSource[Any] = CliSettingsSource(Settings)
        command_line(args=list(arguments))
        settings = Settings()
    except SettingsError as error:
        raise InputError(str(error).removeprefix("error parsing CLI: ")) from error
    except ValidationError as error:
        raise InputError("\n".join(complaints(error, options))) from error
    return options(**{name: getattr(settings, name) for name in settings.model_fields_set})
