"""A file or folder is there whole, new or old, whatever went wrong while it was written."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from refusal import refusal

from skeleton_data import file_sha256, put_in_place, replacing, replacing_folder


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_file_that_fails_leaves_the_old_one_and_no_draft(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt") as draft:
        draft.write_text("half")
        1 / 0  # noqa: B018
    assert content(tmp_path) == {"a.txt": "old"}


def test_a_folder_takes_the_place_of_the_old_one_as_a_whole(tmp_path):
    for names in (["one", "two"], ["three"]):
        with replacing_folder(tmp_path / "model.v1") as draft:
            assert draft.parent == tmp_path
            for name in names:
                (draft / "sub").mkdir(exist_ok=True)
                (draft / "sub" / name).write_text(name)
    assert content(tmp_path) == {"model.v1/sub/three": "three"}


@pytest.mark.parametrize("fails", ["writing", "renaming"])
def test_a_folder_that_fails_leaves_the_old_one_and_no_draft(tmp_path, monkeypatch, fails):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("old")
    rename = Path.replace

    def full_disk(source, target):
        if source.name.startswith(".") and not source.name.endswith("-old"):
            raise OSError("disk full")
        return rename(source, target)

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises((OSError, ZeroDivisionError)), replacing_folder(tmp_path / "model") as draft:
        (draft / "weights").write_text("new")
        if fails == "writing":
            1 / 0  # noqa: B018
    assert content(tmp_path) == {"model/weights": "old"}


def test_what_a_killed_process_of_the_same_number_left_is_not_taken_over(tmp_path):
    with replacing_folder(tmp_path / "model") as draft:
        left = draft
        (draft / "a").write_text("a")
    left.mkdir()
    (left / "half").touch()
    with replacing_folder(tmp_path / "model") as draft:
        (draft / "b").write_text("b")
    assert content(tmp_path) == {"model/b": "b"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot be asked about a process")
@pytest.mark.parametrize("replace", [replacing, replacing_folder])
@pytest.mark.parametrize("moment", ["writing", "old stepped aside"])
def test_what_a_killed_process_left_is_cleared_and_the_old_is_never_lost(tmp_path, replace, moment):
    def left(draft: Path, number: int, end: str = "") -> Path:
        return draft.with_name(draft.name.replace(f"-{os.getpid()}", f"-{number}") + end)

    def write(path: Path, text: str) -> None:
        if replace is replacing_folder:
            path.mkdir(exist_ok=True)
            path /= "weights"
        path.write_text(text)

    killed = subprocess.Popen([sys.executable, "-S", "-c", ""])
    killed.wait()
    path = tmp_path / "model.v1"
    with replace(path) as draft:
        write(draft, "old")
    alive = left(draft, os.getppid())
    write(alive, "of a process that lives")
    write(left(draft, killed.pid), "half")
    if moment == "old stepped aside":
        path.replace(left(draft, killed.pid, "-old"))
    with pytest.raises(ZeroDivisionError), replace(path) as draft:
        1 / 0  # noqa: B018
    assert {each.name for each in tmp_path.iterdir()} == {path.name, alive.name}
    assert "old" in content(tmp_path).values()


def test_what_may_not_be_replaced_is_named(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder" / "mine").mkdir(parents=True)
    for context in (
        replacing(tmp_path / "folder"),
        replacing(tmp_path / "file", overwrite=False),
        replacing_folder(tmp_path / "file"),
        replacing_folder(tmp_path / "folder", overwrite=False),
        replacing_folder(tmp_path / "none" / "folder"),
    ):
        with refusal(r"(file|folder): "), context:
            pass
    assert (tmp_path / "folder" / "mine").is_dir() and (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("replace", [replacing, replacing_folder])
@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("twin", ["the same", "a file", "a folder"])
def test_what_another_process_has_put_there_meanwhile_is_not_replaced(
    tmp_path, monkeypatch, replace, links, twin
):
    def write(path: Path, text: str, *, folder: bool) -> None:
        if folder:
            path.mkdir(exist_ok=True)
            path /= "weights"
        path.write_text(text)

    def refused(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if not links:  # as on exFAT
        monkeypatch.setattr(os, "link", refused)
    folder, path = replace is replacing_folder, tmp_path / "model"
    with refusal("model: exists"), replace(path, overwrite=False) as draft:
        write(draft, "late", folder=folder)
        write(path, "first", folder=folder if twin == "the same" else twin == "a folder")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert [*content(tmp_path).values()] == ["first"]


@pytest.mark.parametrize("links", [True, False])
def test_without_overwriting_a_free_place_is_taken_and_an_empty_folder_too(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOTSUP, "no links")))
    (tmp_path / "folder").mkdir()
    with replacing(tmp_path / "file", overwrite=False) as draft:
        draft.write_text("a")
    with replacing_folder(tmp_path / "folder", overwrite=False) as draft:
        (draft / "weights").write_text("b")
    assert content(tmp_path) == {"file": "a", "folder/weights": "b"}


def test_a_draft_of_several_processes_is_put_in_place_over_an_older_folder(tmp_path):
    for name in (".partial", "step-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "state").write_text(name)
    put_in_place(tmp_path / ".partial", tmp_path / "step-1")
    assert content(tmp_path) == {"step-1/state": ".partial"}


def test_the_checksum_is_sha256(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")  # the first example of FIPS 180
    assert file_sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes of files")
def test_what_a_library_has_kept_to_the_owner_is_readable_like_other_files(tmp_path):
    (tmp_path / "other").touch()
    with replacing(tmp_path / "weights") as draft:
        draft.touch(mode=0o600)
    with replacing_folder(tmp_path / "model") as draft:
        (draft / "weights").touch(mode=0o600)
    modes = {(tmp_path / name).stat().st_mode for name in ("other", "weights", "model/weights")}
    assert len(modes) == 1


@pytest.mark.parametrize("replace", [replacing, replacing_folder])
def test_what_a_link_leads_to_is_replaced_and_a_link_to_nothing_is_refused(tmp_path, replace):
    link = tmp_path / "link"
    link.symlink_to("gone")
    with refusal("link: is a symbolic link to gone"), replace(link):
        pass
    assert link.is_symlink()
    with replace(tmp_path / "gone") as draft:
        (draft / "a" if replace is replacing_folder else draft).write_text("old")
    with replace(link) as draft:
        (draft / "a" if replace is replacing_folder else draft).write_text("new")
    assert link.is_symlink() and [*content(tmp_path).values()] in (["new"], ["new", "new"])
    assert {path.name for path in tmp_path.iterdir()} == {"link", "gone"}
