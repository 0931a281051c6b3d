"""Readers that other packages register."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from recording_samples import (
    BODY,
    MARKERS,
    write_trc,
)
from refusal import refusal

from skeleton_data.clips import Clip, ClipSource
from skeleton_data.errors import DataError
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
    (tmp_path / "labels.csv").write_text("file,label\nx,1\n")
    (tmp_path / "x.mine").write_text("")
    assert read_clips(tmp_path, ImportConfig()).kind == "mine"
    assert read_clips(tmp_path / "x.mine", ImportConfig()).kind == "mine"
    assert read_clips(tmp_path, ImportConfig(format="mine", fps=10)).fps == 10
    with refusal("no format 'yours'; there are mine, own"):
        read_clips(tmp_path, ImportConfig(format="yours"))
    formats.other_readers.cache_clear()


def fail(*_: object) -> bool:
    raise KeyError("oops")


@pytest.mark.parametrize(
    "load",
    [
        fail,
        lambda: 3,
        lambda: formats.FormatReader("x:y", set(), recognises=fail),
        lambda: formats.FormatReader("no_such_module:y", set(), recognises=lambda path: True),
    ],
    ids=["cannot be loaded", "is no reader", "cannot look at files", "has no function"],
)
def test_a_reader_that_fails_is_named_and_does_not_keep_others_from_reading(
    load: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = SimpleNamespace(name="theirs", value="their_package:READER", load=load)
    monkeypatch.setattr(formats, "entry_points", lambda group: [entry])
    formats.other_readers.cache_clear()
    path = write_trc(tmp_path)
    with pytest.raises(DataError, match="'theirs'") as caught:
        read_clips(path, ImportConfig())
    assert caught.value.field == "format"
    assert read_clips(path, ImportConfig(format="trc")).count == 1
    formats.other_readers.cache_clear()
