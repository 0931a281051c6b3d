"""Ctrl-C in the seconds in which a program imports its libraries ends it in a line, with 130."""

import subprocess
import sys

import pytest

PRESSED = """
import sys

class Press:
    def find_spec(self, name, *_):
        if name == "pydantic":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Press())
from importlib import import_module
module, *sys.argv[1:] = sys.argv[1:]
import_module(module).main()
"""


@pytest.mark.parametrize(
    ("module", "arguments", "said"),
    [
        ("skeleton_data.cli.main", ("info", "store"), "skeleton-data: interrupted"),
        ("skeleton_runtime.cli.main", ("model", "a.npz"), "skeleton-predict: interrupted"),
        ("skeleton_lab.cli", ("finetune",), "finetune: interrupted"),
    ],
)
def test_it_ends_in_a_line(module: str, arguments: tuple[str, ...], said: str) -> None:
    done = subprocess.run([sys.executable, "-c", PRESSED, module, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (130, "", [said])
