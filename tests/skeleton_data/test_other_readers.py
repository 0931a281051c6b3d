"""Readers that other packages register."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from recording_samples import (
    BODY,
    MARKERS,
)
from refusal import refusal

from skeleton_data.clips import Clip, ClipSource
from skeleton_data.readers import formats
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.formats import read_clips


def open_mine(path: Path, config: ImportConfig) -> ClipSource:
    return ClipSource("mine", MARKERS, config.fps or 30.0, 1, [Clip("a", BODY[:, None], {}, path)])


def test_a_reader_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = formats.FormatReader(
        f"{__name__}:open_mine", {"fps"}, recognises=lambda path: path.suffix == ".mine"
    )
    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(open_mine=open_mine))
    entry = SimpleNamespace(name="mine", load=lambda: reader)
    monkeypatch.setattr(formats, "entry_points", lambda group: [entry])
    formats.other_readers.cache_clear()
    (tmp_path / "x.mine").write_text("")
    assert read_clips(tmp_path / "x.mine", ImportConfig()).kind == "mine"
    assert read_clips(tmp_path, ImportConfig(format="mine", fps=10)).fps == 10
    with refusal("no format 'yours'; there are mine, own"):
        read_clips(tmp_path, ImportConfig(format="yours"))
    formats.other_readers.cache_clear()
