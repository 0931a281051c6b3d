"""A disk that is full is named with the file that does not fit, and nothing hidden is left on it."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from sample_sets import KINDS, bring_in

from skeleton_data import replacing, replacing_folder
from skeleton_data.cli.commands import OUTPUT
from skeleton_data.cli.main import main
from skeleton_data.errors import OutputError
from skeleton_data.store.files import GrowingArray


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_no_part_of_a_store_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = KINDS["own"].write(tmp_path)
    there = set(tmp_path.iterdir())
    for fills_up in ("_write_header", "append", "close"):
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.setattr(GrowingArray, fills_up, full)
            main(["import", str(source), str(tmp_path / "s"), "--layout", "ntu"])
        last = capsys.readouterr().err.splitlines()[-1]
        assert ended.value.code == OUTPUT == 74, fills_up
        assert str(tmp_path / "s") in last and os.strerror(errno.ENOSPC) in last
        assert set(tmp_path.iterdir()) == there
    main(["import", str(source), str(tmp_path / "s"), "--layout", "ntu"])


def test_a_file_that_does_not_fit_is_named_by_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"list\.txt") as caught, replacing(tmp_path / "list.txt"):
        full()
    assert "partial" not in str(caught.value) and list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError, match="elsewhere"), replacing(tmp_path / "list.txt"):
        (tmp_path / "elsewhere").read_text()


def test_a_copy_that_does_not_fit_is_named_and_not_what_was_copied(tmp_path: Path) -> None:
    source = tmp_path / "weights"
    with pytest.raises(OutputError) as caught, replacing_folder(tmp_path / "model") as draft:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(source), None, str(draft / "weights"))
    assert caught.value.filename == str(tmp_path / "model") and list(tmp_path.iterdir()) == []


def test_an_export_to_hugging_face_that_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As datasets has it: an error of its own, of the disk's."""
    datasets = pytest.importorskip("datasets")

    def fills_up(*_: Any, **__: Any) -> None:
        try:
            full()
        except OSError as error:
            raise datasets.exceptions.DatasetGenerationError("An error occurred") from error

    bring_in("nw-ucla", tmp_path)
    there = set(tmp_path.iterdir())
    monkeypatch.setattr(datasets.Dataset, "from_generator", fills_up)
    with pytest.raises(SystemExit) as ended:
        main(
            ["export", str(tmp_path / "s"), str(tmp_path / "hf"), "--to", "huggingface", "--protocol", "all"]
        )
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert ended.value.code == OUTPUT and str(tmp_path / "hf") in line and os.strerror(errno.ENOSPC) in line
    assert set(tmp_path.iterdir()) == there


@pytest.mark.parametrize("replace", [replacing, replacing_folder])
def test_a_read_only_file_system_is_told_by_the_name_that_was_given(
    replace: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where even the removal of a file that is not there fails."""

    def read_only(path: Path, *_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    for name in ("mkdir", "unlink", "write_text"):
        monkeypatch.setattr(Path, name, read_only)
    with pytest.raises(OutputError) as caught, replace(tmp_path / "a") as draft:
        draft.write_text("")
    assert caught.value.filename == str(tmp_path / "a")
