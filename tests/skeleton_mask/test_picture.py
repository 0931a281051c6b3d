"""The command that draws the strategies."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the picture needs the extra `draw`")


def test_command_writes_a_picture_or_says_why_not(tmp_path: Path) -> None:
    path = tmp_path / "strategies.png"
    command = [sys.executable, "-m", "skeleton_mask.picture"]
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(path)
    assert done.stderr == ""
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_command_names_a_path_it_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from skeleton_mask.picture import main

    monkeypatch.setattr("sys.argv", ["picture", str(tmp_path / "nowhere" / "a.png")])
    with pytest.raises(SystemExit, match="2"):
        main()
    error = capsys.readouterr().err
    assert "nowhere" in error
    assert len(error.splitlines()) == 1
