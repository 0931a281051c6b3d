"""The commands of `skeleton-data`, and how they end."""

from __future__ import annotations

import re
import signal
import sys
from argparse import Action, ArgumentParser
from concurrent.futures import BrokenExecutor
from inspect import cleandoc
from typing import Any

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliSettingsSource,
    CliSubCommand,
    SettingsConfigDict,
    SettingsError,
)

from skeleton_data._version import __version__
from skeleton_data.cli.draw import DrawCommand
from skeleton_data.cli.export import ExportCommand
from skeleton_data.cli.import_ import ImportCommand
from skeleton_data.cli.info import InfoCommand
from skeleton_data.cli.prepare import PrepareCommand
from skeleton_data.cli.split import SplitCommand
from skeleton_data.cli.synth import SynthCommand
from skeleton_data.cli.verify import VerifyCommand
from skeleton_data.command_line import rewrite_arguments, with_nearest_option
from skeleton_data.errors import DataError, OutputError
from skeleton_data.mistakes import in_words
from skeleton_data.option_names import spell_options
from skeleton_data.printable import printable

_COMMANDS = (
    SynthCommand,
    PrepareCommand,
    ImportCommand,
    VerifyCommand,
    InfoCommand,
    SplitCommand,
    ExportCommand,
    DrawCommand,
)


_SWITCHES = {
    f"--{name.replace('_', '-')}"
    for command in _COMMANDS
    for name, field in command.model_fields.items()
    if field.annotation is bool
}


class SkeletonData(BaseSettings):
    """Skeleton data sets for action recognition: from raw recordings to a store that training reads.

    A store is a folder with the clips of one skeleton layout, memory-mapped. Progress is printed to the
    standard error stream. Bad input ends in one line and exit code 2, a full disk in exit code 74, Ctrl-C in
    130, SIGTERM in 143; no file is left half-written. `skeleton-data COMMAND --help` describes a command;
    `skeleton-data --version` prints the version.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        cli_prog_name="skeleton-data",
        cli_avoid_json=True,
        cli_enforce_required=True,
        cli_hide_none_type=True,
        cli_implicit_flags=True,
        cli_kebab_case=True,
    )

    synth: CliSubCommand[SynthCommand] = Field(description="write synthetic actions as raw NTU recordings")
    prepare: CliSubCommand[PrepareCommand] = Field(description="turn raw NTU recordings into a store")
    import_: CliSubCommand[ImportCommand] = Field(
        alias="import", description="turn data in any other format into a store"
    )
    verify: CliSubCommand[VerifyCommand] = Field(
        description="check a store, raw recordings, or data before an import"
    )
    info: CliSubCommand[InfoCommand] = Field(description="print what a store holds, or a layout's joints")
    split: CliSubCommand[SplitCommand] = Field(
        description="write a file that says which clips train and which test"
    )
    export: CliSubCommand[ExportCommand] = Field(description="write a store in a format of other projects")
    draw: CliSubCommand[DrawCommand] = Field(description="draw clips as a strip, a GIF or a page in 3D")

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[Any, ...]:
        """Read the command line alone: environment variables that are called like a field do not count."""
        return (sources["init_settings"],)

    def cli_cmd(self) -> None:
        """Run the chosen command."""
        CliApp.run_subcommand(self)


OUTPUT = 74
"""Exit code when something cannot be written, as sysexits.h has it."""


def run(arguments: list[str]) -> None:
    """Run the command that the arguments name."""
    if arguments == ["--version"]:
        print(f"skeleton-data {__version__}")
        return
    for command in (SkeletonData, *_COMMANDS):
        command.__doc__ = cleandoc(command.__doc__ or "")  # the help shows it as it is, indentation and all
    # A scheduler that ends the job shall find nothing half-written, like one who presses Ctrl-C.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    wrong, code, known = None, 2, list[str]()
    options: dict[str, list[str]] = {}

    def add_argument(parser: ArgumentParser, *names: str, **option: Any) -> Action:
        action = _add_argument(parser, *names, **option)
        options.setdefault(parser.prog.rpartition(" ")[2], []).extend(action.option_strings)
        return action

    try:
        source = CliSettingsSource[Any](
            SkeletonData, add_argument_method=add_argument, cli_exit_on_error=False
        )
        known = options.get(next(iter(arguments), ""), [])
        words = rewrite_arguments(arguments, known, _SWITCHES) or ["--help"]
        CliApp.run(SkeletonData, cli_args=words, cli_settings_source=source)
    except ValidationError as error:
        wrong = "; ".join(_describe(item) for item in error.errors())
    except OutputError as error:
        wrong, code = str(error), OUTPUT
    except SettingsError as error:
        wrong = with_nearest_option(str(error).removeprefix("error parsing CLI: "), known)
    except (DataError, BrokenExecutor) as error:
        wrong = str(error)
    except OSError as error:
        wrong = printable(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    finally:
        signal.signal(signal.SIGTERM, before)
    if wrong is not None:  # out of the handler, when the error and the progress bars it held are gone
        _fail(wrong, code)


def _add_argument(parser: ArgumentParser, *names: str, **option: Any) -> Action:
    """Add an option; its help has no default that is nothing, and its form no tuple of Python."""
    if isinstance(option.get("help"), str):
        text = option["help"].removesuffix(" (default: None)")
        option["help"] = re.sub(r"(?<=\(default: )\((.*?),?\)(?=\)$)", _without_quotes, text)
    if isinstance(form := option.get("metavar"), str):
        form = re.sub(r"tuple\[([^\[\]]*)\]", r"\1", form)
        option["metavar"] = "WIDTHxHEIGHT" if names == ("--picture",) else form
    return parser.add_argument(*names, **option)


def _without_quotes(found: re.Match[str]) -> str:
    return found[1].replace("'", "").replace(" ", "")


def _describe(mistake: ErrorDetails) -> str:
    place = mistake["loc"][1:] or mistake["loc"]
    option = ".".join(str(part) for part in place).replace("_", "-")
    return f"{option}: {in_words(mistake, SkeletonData)}"


def _fail(message: str, code: int) -> None:
    for line in message.split("\n"):
        print(f"skeleton-data: error: {printable(spell_options(line))}", file=sys.stderr)
    sys.exit(code)
