"""How programs end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from skeleton_data import replacing
from skeleton_lab.errors import InputError, OutputError, input_errors, writing


def test_output_that_nobody_reads_any_more_is_no_error() -> None:
    code = """
from skeleton_lab.errors import exit_on_bad_input
with exit_on_bad_input("app"):
    print("a line\\n" * 100_000)
"""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_name_with_control_characters_stays_in_its_line() -> None:
    """Also for those who read the message in Python."""
    name = "wave\x85\u2028\x1b[2J\nclip 1: wave"
    with pytest.raises(InputError) as unread, input_errors():
        Path(name).read_text()
    with pytest.raises(OutputError) as unwritten, writing(Path(name)):
        raise OSError(28, os.strerror(28))
    for error in (unread.value, unwritten.value, InputError(name.replace("\n", " "))):
        assert str(error).isprintable()


def test_what_could_not_be_written_is_no_mistake_of_the_input(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as error, input_errors(), replacing(tmp_path / "a.png"):
        raise OSError(28, os.strerror(28))
    assert error.value.exit_code == 74 and str(tmp_path / "a.png") in str(error.value)
