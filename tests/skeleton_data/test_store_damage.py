"""Damaged and foreign folders are refused as stores, and nothing in them is run."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from refusal import refusal
from small_stores import damage_meta, some_clips, write_store

from skeleton_data.store.store import SkeletonStore


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "no such folder; expected a store"),
        (lambda folder: (folder / "store.json").unlink(), "not a store: there is no store.json"),
        (
            lambda folder: (folder / "store.json").write_text("{"),
            "not the metadata of a store: it is no JSON",
        ),
        (lambda folder: (folder / "store.json").write_bytes(b"\xff"), "not the metadata of a store"),
        (lambda folder: damage_meta(folder, format="zoo"), "format: expected 'skeleton-store'"),
        (lambda folder: damage_meta(folder, version=2), "version: expected 1"),
        (lambda folder: damage_meta(folder, files={}), "it does not list joints.npy"),
        (
            lambda folder: damage_meta(folder, clips=5),
            r"index.npy: damaged: .*shape \(4,\), expected \(5,\)",
        ),
        (
            lambda folder: damage_meta(folder, rows=7),
            r"joints.npy: damaged: .*, expected \(7, 20, 3\)",
        ),
        (lambda folder: (folder / "joints.npy").unlink(), "joints.npy is missing"),
        (
            lambda folder: os.truncate(folder / "joints.npy", 1000),
            "joints.npy: damaged: 1000 bytes, expected",
        ),
        (lambda folder: os.truncate(folder / "index.npy", 100), "index.npy: damaged: 100 bytes, expected"),
        (lambda folder: (folder / "names.bin").write_bytes(b""), "names.bin: damaged: 0 bytes, expected"),
        (
            lambda folder: (folder / "index.npy").write_bytes(bytes((folder / "index.npy").stat().st_size)),
            "index.npy: damaged: ",
        ),
    ],
)
def test_a_damaged_or_foreign_folder_is_refused(tmp_path: Path, damage: object, message: str) -> None:
    write_store(tmp_path / "s", some_clips())
    damage(tmp_path / "s")  # type: ignore[operator]
    with refusal(message):
        SkeletonStore.open(tmp_path / "s")


@pytest.mark.parametrize("file", ["joints.npy", "index.npy", "names.bin"])
def test_verify_finds_a_changed_byte(tmp_path: Path, file: str) -> None:
    store = write_store(tmp_path / "s", some_clips())
    with (tmp_path / "s" / file).open("r+b") as opened:
        opened.seek(-1, os.SEEK_END)
        last = opened.read(1)[0]
        opened.seek(-1, os.SEEK_END)
        opened.write(bytes([last ^ 1]))
    with refusal(f"{file}: damaged: its checksum"):
        store.verify()


def test_an_index_that_points_outside_is_refused(tmp_path: Path) -> None:
    write_store(tmp_path / "s", some_clips())
    records = np.load(tmp_path / "s" / "index.npy", mmap_mode="r+")
    records["row"][2] = 10**9
    records.flush()
    store = SkeletonStore.open(tmp_path / "s")
    store.read(1)
    with refusal(r"index\.npy: damaged: clip 2 lies outside joints\.npy"):
        store.read(2)


@pytest.mark.parametrize(
    ("field", "value"), [("name", 10**9), ("name", -3), ("name_bytes", 8), ("name_bytes", 0)]
)
def test_an_index_that_points_outside_the_names_is_refused(tmp_path: Path, field: str, value: int) -> None:
    """The last letter of the name has two bytes, the eighth and the ninth."""
    write_store(tmp_path / "s", some_clips())
    records = np.load(tmp_path / "s" / "index.npy", mmap_mode="r+")
    records[field][0] = value
    records.flush()
    store = SkeletonStore.open(tmp_path / "s")
    with refusal(r"index\.npy: damaged: the name of clip 0 is not in names\.bin"):
        store.name(0)
    assert store.name(1) == "clip 1 ü"


def test_no_pickle_is_loaded(tmp_path: Path) -> None:
    write_store(tmp_path / "s", some_clips())
    path = tmp_path / "s" / "index.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    meta = json.loads((tmp_path / "s" / "store.json").read_text())
    meta["files"]["index.npy"]["bytes"] = path.stat().st_size
    damage_meta(tmp_path / "s", files=meta["files"])
    with refusal(r"index\.npy: damaged"):
        SkeletonStore.open(tmp_path / "s")
