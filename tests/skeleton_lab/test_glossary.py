"""Every option and command that the glossary names is there."""

import re
import sys
from pathlib import Path

import pytest

from skeleton_data.cli.main import main as skeleton_data
from skeleton_lab import finetune, pretrain, reproduce
from skeleton_lab.cli import SUBCOMMANDS

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"
OPTION = re.compile(r"--[a-z][\w.-]*\w")


def test_what_the_glossary_names_is_there(monkeypatch, capsys):
    commands = [(app.main, ["--help"]) for app in (pretrain, finetune, reproduce)]
    for main, words in [*commands, (skeleton_data, ["import", "--help"])]:
        monkeypatch.setattr(sys, "argv", ["command", *words])
        with pytest.raises(SystemExit):
            main()
    text = GLOSSARY.read_text(encoding="utf-8").replace("\n", " ")
    named, known = set(OPTION.findall(text)), set(OPTION.findall(capsys.readouterr().out))
    assert len(named) > 20 and named <= known, named - known
    apps = set(re.findall(r"`skeleton-lab (\w+)", text))
    assert len(apps) > 4 and apps <= SUBCOMMANDS.keys(), apps
