"""How programs end."""

import os
import subprocess
import sys


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
