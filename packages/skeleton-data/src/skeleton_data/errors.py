"""The one error that bad input raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skeleton_data.printable import printable

_LONGEST = 400


class DataError(ValueError):
    """Input that cannot be used: one line that names the file, the place and what was expected.

    The command line prints it and leaves with exit code 2, without a traceback. Where the place is known, the
    attributes say it to programs, which need not read the sentence.

    Attributes:
        path: The file or folder, as it was given; None where no file is at fault.
        line: The line of a text file, from 1.
        field: The field, column or entry in it, such as `skeletons[1]`.
        expected: What should stand there.
        found: What stands there instead.

    Example:
        >>> error = DataError.at("clip.skeleton", line=4, expected="25 joints", found="24")
        >>> print(error, error.line, sep="; ")
        clip.skeleton, line 4: expected 25 joints, found 24; 4
    """

    path: str | None = None
    line: int | None = None
    field: str | None = None
    expected: str | None = None
    found: str | None = None

    def __str__(self) -> str:
        """Return the message with control characters written out: names in it may come from a file."""
        return "\n".join(map(printable, super().__str__().split("\n")))

    @classmethod
    def at(
        cls,
        path: str | Path,
        message: str = "",
        *,
        line: int | None = None,
        field: str | None = None,
        expected: object = None,
        found: object = None,
    ) -> DataError:
        """Return the error for a place, with a message or what was expected and found; long ones are cut."""
        place = _place(path, line)
        message = message or f"expected {expected}, found {found}"
        words = " ".join(message.split())  # what a library says about damaged bytes may go over many lines
        words = words if len(words) <= _LONGEST else words[:_LONGEST] + "..."
        error = cls(": ".join([place, *([field] if field else []), words]))
        error.path, error.line, error.field = str(path), line, field
        error.expected = None if expected is None else str(expected)
        error.found = None if found is None else str(found)
        return error

    def within(self, path: str | Path, *, clip: str | None = None, line: int | None = None) -> DataError:
        """Return the error with a place before its sentence, and with the fields that it has.

        Args:
            path: The file, where the error does not say one itself.
            clip: Name of the clip, where the sentence does not have it.
            line: The line, where the error does not say one itself.

        Example:
            >>> error = DataError.at("a.npz", field="joints[3]", expected="3 numbers", found="2")
            >>> outer = error.within("a.npz", clip="wave")
            >>> print(outer, outer.field, sep="; ")
            a.npz: clip 'wave': joints[3]: expected 3 numbers, found 2; joints[3]
        """
        path, line = self.path or path, self.line or line
        place = _place(path, self.line)
        sentence = str(self).removeprefix(f"{place}: ")
        if clip is not None and repr(clip) not in sentence:
            sentence = f"clip {clip!r}: {sentence}"
        error = DataError.at(path, sentence, line=line)
        error.field, error.expected, error.found = self.field, self.expected, self.found
        return error


def _place(path: str | Path, line: int | None) -> str:
    """Return the name of a file, in one line whatever is in it, and the line."""
    return printable(str(path)) + ("" if line is None else f", line {line}")


class NobodyError(DataError):
    """A recording, or a clip of it, with nobody in it: nothing to train on, but a recording all the same.

    Attributes:
        frames: Its frames, at least one.
        clip: Its name, where the file holds several.
    """

    frames: int = 1
    clip: str | None = None

    @classmethod
    def of(cls, path: str | Path, message: str, *, frames: int, clip: str | None = None) -> NobodyError:
        """Return the error for a file.

        Example:
            >>> error = NobodyError.of("a.json", "there is nobody in any frame", frames=20)
            >>> print(error, error.frames, sep="; ")
            a.json: there is nobody in any frame; 20
        """
        error = cls(str(DataError.at(path, message)))
        error.path, error.frames, error.clip = str(path), max(frames, 1), clip
        return error


class OutputError(OSError):
    """A file or folder that could not be written: the disk is full, or may not be written to.

    The command line prints it and leaves with exit code 74. What was there before is still there.
    """

    def __str__(self) -> str:
        """Return a line that names the file."""
        return f"{printable(str(self.filename))}: cannot be written: {self.strerror}"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name what could not be written; an error of the system inside often names nothing.

    Raises:
        OutputError: For every `OSError` inside.

    Example:
        >>> with writing(Path("my.store")):
        ...     raise OSError(28, "No space left on device")
        Traceback (most recent call last):
        ...
        skeleton_data.errors.OutputError: my.store: cannot be written: No space left on device
    """
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(error.errno, error.strerror or str(error), str(path)) from error


class JointError(DataError):
    """The joints of data are not those of a layout.

    Attributes:
        joints: Names of the joints of the data.
    """

    def __init__(self, message: str, joints: tuple[str, ...], path: str | None = None) -> None:
        super().__init__(message)
        self.joints, self.path = joints, path
