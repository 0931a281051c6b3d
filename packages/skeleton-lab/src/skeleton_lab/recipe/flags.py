"""Words of a command line that mean what they say: `--flag true`, `--flag no`, `--field none`."""

from __future__ import annotations

import argparse
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from skeleton_data import is_nothing, spelt, switch, truth, with_nearest_option
from skeleton_lab.errors import InputError, UnknownFieldError
from skeleton_lab.recipe.renamed import option_today


@dataclass
class Flags:
    """What the words of a command line are, as far as their meaning depends on it.

    Attributes:
        options: All options.
        switches: Options of fields that are true or false.
        named_none: Options of fields of which `none` is a value like others.
    """

    options: list[str] = field(default_factory=list)
    switches: set[str] = field(default_factory=set)
    named_none: set[str] = field(default_factory=set)

    def note(self, action: argparse.Action) -> None:
        """Take note of an option of the parser."""
        self.options += action.option_strings
        if isinstance(action, argparse.BooleanOptionalAction):
            self.switches.update(action.option_strings)
        elif re.search(r"\bnone\b", str(action.metavar)):
            self.named_none.update(action.option_strings)

    def rewritten(self, arguments: Sequence[str]) -> Iterator[str]:
        """Write `--flag true` and `--flag=false` as `--flag` and `--no-flag`; `null` and `none` as None.

        Options have their names of today (`skeleton_lab.recipe.renamed`), and may have hyphens, as those of
        `skeleton-data` and `skeleton-predict` have.

        Raises:
            InputError: A value is empty, or a switch has one that is neither true nor false.
        """
        rest = deque(arguments)
        while rest:
            flag, equals, value = (argument := rest.popleft()).partition("=")
            if not argument:
                raise InputError("a file or folder: expected a name, found an empty text")
            if not flag.startswith("--"):
                yield argument
                continue
            flag = spelt(option_today(flag), self.options)
            if flag in self.switches:
                if not equals and rest and truth(rest[0]) is not None:
                    equals, value = "=", rest.popleft()
                yield _switch(flag, value) if equals else flag
            elif equals:
                yield f"{flag}={self._value(flag, value)}"
            else:
                yield flag
                if rest and not rest[0].startswith("--"):
                    yield self._value(flag, rest.popleft())

    def _value(self, flag: str, value: str) -> str:
        if not value:  # `--pretrained "$MODEL"` where MODEL is not set would train from scratch
            raise InputError(f"{flag.removeprefix('--')}: expected a value, found an empty text")
        return "None" if is_nothing(value) and flag not in self.named_none else value

    def blamed(self, arguments: Sequence[str], message: str, sections: Sequence[str] = ()) -> InputError:
        """Return the error that names the field, of a switch whose value argparse does not know, too.

        Args:
            arguments: The command line.
            message: What argparse says of it.
            sections: Beginnings of fields, as `model.mask.`, that a class of the user's own may have.
        """
        _, unknown, words = message.partition("unrecognized arguments: ")
        for flag, value in pairwise(arguments):
            if unknown and flag in self.switches and value == words.split()[0] and not value.startswith("--"):
                return InputError(f"{flag.removeprefix('--')}: expected true or false, got {value!r}")
        if "required: RECIPE" in message:
            message = "RECIPE is missing: name a file, or one of those that `skeleton-lab recipes` lists"
        if not (unknown and words.startswith("--")):
            return InputError(message)
        option = words.split()[0].partition("=")[0]
        if option.removeprefix("--").startswith(tuple(sections)):
            message += "; arguments of a class of your own are set in the recipe"
        else:
            message = with_nearest_option(message, self.options)
        error = UnknownFieldError(message)
        error.field = option.removeprefix("--")
        return error


def without_none(text: str | None) -> str | None:
    """Return a text of the help without what pydantic-settings adds where nothing is the default.

    Example:
        >>> without_none("Number of the fold, from 1. (default: None)")
        'Number of the fold, from 1.'
    """
    if text is None:
        return None
    for nothing in (" (default: None)", " (ifdef: required)", " (default: ())"):
        text = text.removesuffix(nothing)
    return text.removeprefix("default: None (undefined)").lstrip("\n")


def _switch(flag: str, value: str) -> str:
    if (on := truth(value)) is None:
        raise InputError(f"{flag.removeprefix('--')}: expected true or false, got {value!r}")
    return switch(flag, on=on)
