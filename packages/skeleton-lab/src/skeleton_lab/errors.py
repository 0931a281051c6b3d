"""Why a program ends before it is done: a line on standard error and an exit code, no traceback.

| exit code | meaning |
|---|---|
| 1 | some runs of a study failed, its table has the others; the same command tries them again |
| 2 | what the user gave cannot be used; nothing was written |
| 3 | the loss or its gradient is not finite; the last checkpoint is from before |
| 71 | a worker of `reproduce` was ended from outside; the same command goes on |
| 74 | something could not be written; the last checkpoint is whole, `--resume` continues |
| 75 | interrupted by SIGTERM or Ctrl-C; a checkpoint was saved, `--resume` continues |
| 130 | interrupted at once, by Ctrl-C outside training or by a second one |

`accelerate launch` ends with code 1 instead, below a report of its own that names the code.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skeleton_data import DataError, printable, spell_options
from skeleton_data import OutputError as NotWrittenError


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a field of a recipe or of a command line.

    Attributes:
        field: The field, such as `training.epochs`; empty where several fields do not go together.
        problem: What is wrong with it.
        file: The recipe that has the field; None where the command line gave it.
    """

    field: str
    problem: str
    file: Path | None = None

    def __str__(self) -> str:
        """Return a line: file, field and problem."""
        return ": ".join(
            [*([] if self.file is None else [str(self.file)]), *filter(None, [self.field]), self.problem]
        )


class InputError(ValueError):
    """What the user gave cannot be used; each line of the message is one complaint that names its cause.

    Attributes:
        complaints: What is wrong with which field, where fields of a recipe are at fault.

    Example:
        >>> error = InputError.of([Complaint("training.epochs", "missing")])
        >>> error.complaints[0].field, str(error)
        ('training.epochs', 'training.epochs: missing')
    """

    complaints: tuple[Complaint, ...] = ()

    def __str__(self) -> str:
        """Return the message with control characters written out: names in it may come from a file."""
        return _printable_lines(super().__str__())

    @classmethod
    def of(cls, complaints: Iterable[Complaint]) -> "InputError":
        """Return the error that lists complaints, one a line."""
        listed = tuple(complaints)
        error = cls("\n".join(map(str, listed)))
        error.complaints = listed
        return error

    def within(self, place: str) -> "InputError":
        """Return the error with a place before each of its lines, and with its complaints.

        Example:
            >>> error = InputError.of([Complaint("training.epochs", "missing")]).within("row 'small'")
            >>> error.complaints[0].field, str(error)
            ('training.epochs', "row 'small': training.epochs: missing")
        """
        error = type(self)("\n".join(f"{place}: {line}" for line in str(self).split("\n")))
        error.complaints = self.complaints
        return error


def _printable_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


class UnknownFieldError(InputError):
    """The command line has an option that is no field.

    Attributes:
        field: Its name, such as `training.epoch`.
    """

    field: str = ""


class RunError(Exception):
    """A run ends before it is done; the message says why in a line."""

    exit_code: int
    everywhere = True
    """Whether all processes end for the same reason."""

    def __str__(self) -> str:
        """Return the message with control characters written out."""
        return _printable_lines(super().__str__())


class NotFiniteError(RunError):
    """The loss or its gradient is not finite."""

    exit_code = 3


class CollapsedError(RunError):
    """Features have become the same for all bodies, so that nothing is learnt any more."""

    exit_code = 3


class OutputError(RunError):
    """Something could not be written."""

    exit_code = 74
    everywhere = False


class FailedRunsError(RunError):
    """Some runs of a study failed."""

    exit_code = 1


class WorkerError(RunError):
    """A worker process was ended from outside."""

    exit_code = 71


class Interrupted(RunError):
    """A scheduler or Ctrl-C told the run to end."""

    exit_code = 75


@contextmanager
def input_errors() -> Iterator[None]:
    """Take what the packages complain of inside for a mistake of the input.

    Only for the stage that reads and checks: later, during training, the same exceptions are defects and
    deserve their traceback.

    Raises:
        InputError: For every `ValueError` and `OSError` inside.
        OutputError: Where a file or folder inside could not be written.
    """
    try:
        yield
    except InputError:
        raise
    except NotWrittenError as error:
        raise OutputError(str(error)) from error
    except OSError as error:
        place = f"{printable(str(error.filename))}: " if error.filename else ""
        raise InputError(place + (error.strerror or str(error))) from error
    except ValueError as error:
        raise InputError(" ".join(str(error).split())) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say what could not be written, on a disk that is full or a folder that is read-only.

    Raises:
        OutputError: Naming `path`, for every `OSError` inside, and what PyTorch, safetensors and
            skeleton_data make of one.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(f"{printable(str(path))} cannot be written: {error.strerror or error}") from error
    except Exception as error:
        if isinstance(error, RuntimeError | DataError) or type(error).__name__ == "SafetensorError":
            reason = " ".join(str(error).split())
            raise OutputError(f"{printable(str(path))} cannot be written: {reason}") from error
        raise


@contextmanager
def exit_on_bad_input(program: str) -> Iterator[None]:
    """Turn an `InputError` or a `RunError` inside into lines on standard error and an exit code.

    It decorates the `main` of each app: `@exit_on_bad_input("pretrain")`.

    Where the output is no longer read, as behind `| head`, the program ends with 1, as Python advises.

    Of several processes that find the same mistake the first one speaks. The others wait for the launcher to
    end them, and speak only if it does not, when the mistake is theirs alone (a file missing on one machine).
    """
    try:
        yield
        sys.stdout.flush()
        leave_processes()
    except BrokenPipeError:
        # Whoever reads the output has seen enough; what is left of it must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        sys.exit(130)
    except (InputError, RunError) as error:
        rank = int(os.environ.get("RANK", "0"))
        code, everywhere = (error.exit_code, error.everywhere) if isinstance(error, RunError) else (2, False)
        if rank and everywhere:
            sys.exit(code)
        if rank:
            time.sleep(10)
        who = f"{program}: process {rank}" if rank else program
        for line in str(error).split("\n"):
            print(f"{who}: error: {printable(spell_options(line, space='_'))}", file=sys.stderr)
        sys.exit(code)


def leave_processes() -> None:
    """Part from the other processes, if there are any, at the end of a program, which may have many runs."""
    distributed = sys.modules.get("torch.distributed")
    if distributed and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
