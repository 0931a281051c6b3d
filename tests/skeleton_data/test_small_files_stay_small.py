"""What a file may take of memory is bounded by its size, before anything is made of it."""

import io
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from recording_samples import huggingface_rows
from refusal import refusal
from sample_sets import KINDS, walk

from skeleton_data import DataError, ImportConfig, SkeletonLayout, read_skeleton
from skeleton_data.files import limits
from skeleton_data.files.arrays import open_zip, read_array, reading
from skeleton_data.files.json_file import load_json
from skeleton_data.files.numbers import arrays_under, as_numbers
from skeleton_data.files.text import read_words
from skeleton_data.files.toml_file import MAX_TOML, read_toml
from skeleton_data.ntu.recording import RawClip, write_skeleton
from skeleton_data.readers.c3d import read_c3d
from skeleton_data.readers.formats import read_clips
from skeleton_data.readers.hdf5_file import open_hdf5, values
from skeleton_data.readers.listing import numbers_or_nan, positions
from skeleton_data.readers.own import read_joint_names
from skeleton_data.readers.own_data import load_own_data
from skeleton_data.readers.parquet_pages import memory_of_groups
from skeleton_data.readers.plain_pickle import load_plain
from skeleton_data.readers.pose_file import read_pose
from skeleton_data.readers.table_file import read_table


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a kilobyte count as files, so that a few kilobytes are enough to be too much."""
    monkeypatch.setattr(limits, "SMALL", 1024)


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def refused(path: Path, read: object, match: str = ".") -> None:
    with refusal(match) as caught:
        read(path)  # type: ignore[operator]
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("piece", ["[]", "{}", '{"a":{}}', '""'])
def test_json_of_many_objects_is_refused_and_numbers_are_read(piece: str, tmp_path: Path) -> None:
    many = ",".join([piece] * 2000)
    refused(written(tmp_path / "a.json", f"[{many}]"), load_json, "memory")
    numbers = ",".join(["-0.1234"] * 2000)
    assert len(load_json(written(tmp_path / "b.json", f"[{numbers}]"))) == 2000


@pytest.mark.usefixtures("small")
def test_parquet_of_equal_numbers_is_refused_before_they_are_read(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for name, rows in (("small", 100), ("large", 20_000)):
        parquet.write_table(pyarrow.table({"HEAD_x": np.zeros(rows)}), tmp_path / f"{name}.parquet")
    assert len(read_table(tmp_path / "small.parquet").numbers("HEAD_x")) == 100
    refused(tmp_path / "large.parquet", read_table, "memory")


def test_heads_of_pages_say_what_the_footer_says(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows, path = pyarrow.table({"a": np.arange(3000.0), "b": [[1]] * 3000}), tmp_path / "a.parquet"
    for version in ("1.0", "2.0"):
        options = {"row_group_size": 1100, "data_page_size": 900, "data_page_version": version}
        parquet.write_table(rows, path, use_dictionary=False, write_page_index=True, **options)
        about = parquet.read_metadata(path)
        groups = [about.row_group(number) for number in range(3)]
        columns = [[group.column(number) for number in range(2)] for group in groups]
        for found, group in zip(memory_of_groups(path), columns, strict=True):
            values = 16 * sum(column.num_values for column in group)
            whole = values + sum(column.total_uncompressed_size for column in group)
            assert 0.9 * (whole - values) <= found - values < whole - values  # which has the heads, too


@pytest.mark.usefixtures("small")
def test_parquet_whose_footer_says_less_than_its_pages_is_refused(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"HEAD_x": np.zeros(20_000)}), path)
    true, less = b"\xc0\xb8\x02", b"\xc0\x80\x00"  # 20,000 and 32, of as many bytes
    data = path.read_bytes()
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    assert true in data[start:]
    path.write_bytes(data[:start] + data[start:].replace(true, less))
    refused(path, read_table, "memory")


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_compressed_arrow_is_refused_before_it_is_read(compression: str, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    rows, path = huggingface_rows(), tmp_path / "train.arrow"
    options = pyarrow.ipc.IpcWriteOptions(compression=compression)
    with pyarrow.ipc.new_stream(path, rows.schema, options=options) as stream:
        stream.write(rows)
    with refusal("compressed") as caught:
        read_clips(tmp_path, ImportConfig(format="huggingface"))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("column", ["joints", "name"])
def test_arrow_whose_rows_show_the_same_memory_is_refused(column: str, tmp_path: Path) -> None:
    """All rows of a view may be one: a file of a megabyte would be a store of gigabytes."""
    pyarrow = pytest.importorskip("pyarrow")
    if not hasattr(pyarrow, "ListViewArray"):
        pytest.skip("this version has no views")
    rows, path = huggingface_rows(), tmp_path / "train.arrow"
    before = rows.column(column).combine_chunks()
    if column == "name":
        views = before.cast(pyarrow.string_view())
    else:
        first = pyarrow.array([0] * len(before), pyarrow.int32())
        length = pyarrow.array([before.value_lengths()[0].as_py()] * len(before), pyarrow.int32())
        views = pyarrow.ListViewArray.from_arrays(first, length, before.values)
    rows = rows.set_column(rows.schema.get_field_index(column), column, views)
    with pyarrow.ipc.new_stream(path, rows.schema) as stream:
        stream.write_table(rows)
    with refusal(f"train.arrow: .*{column}"):
        read_clips(tmp_path, ImportConfig(format="huggingface"))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("kind", ["plain", "categories"])
def test_parquet_of_equal_words_is_refused_before_they_are_read(kind: str, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for name, rows in (("small", 3), ("large", 300)):
        words = pyarrow.array(["a" * 2000] * rows)
        words = words.dictionary_encode() if kind == "categories" else words
        parquet.write_table(pyarrow.table({"label": words}), tmp_path / f"{name}.parquet")
    assert read_table(tmp_path / "small.parquet").words("label") == ["a" * 2000] * 3
    refused(tmp_path / "large.parquet", read_table, "memory")


@pytest.mark.usefixtures("small")
def test_text_of_many_short_words_is_refused_and_numbers_are_read(tmp_path: Path) -> None:
    refused(written(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 2000), read_words, "memory")
    assert read_words(written(tmp_path / "b.csv", "-0.1234,0.1234\n" * 2000))


@pytest.mark.usefixtures("small")
def test_empty_frames_of_a_raw_recording_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "S001C001P001R001A001.skeleton"
    write_skeleton(path, RawClip(4, np.arange(4), np.full(4, 7), walk(4, 25)))
    assert read_skeleton(path).frames == 4
    _, _, rest = path.read_text().partition("\n")
    empty = 20_000
    refused(written(path, f"{empty + 4}\n{rest}" + "0\n" * empty), read_skeleton, "memory")


def zipped(path: Path, **entries: np.ndarray) -> Path:
    np.savez_compressed(path, **entries)
    return path


@pytest.mark.usefixtures("small")
def test_an_entry_that_inflates_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.npz", positions_m=np.zeros((2000, 25, 3), np.float32), offsets=np.array([0, 2000])
    )
    refused(path, lambda path: read_clips(path, ImportConfig(layout="ntu", fps=30)), "memory")
    with refusal(r"positions_m.npy: 600128 bytes"), open_zip(path) as archive:
        read_array(archive, "positions_m.npy")


@pytest.mark.usefixtures("small")
def test_a_clip_of_inflating_frames_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.npz", x_train=np.zeros((1, 20_000, 150), np.float32), y_train=np.array([0]))
    refused(path, lambda path: read_clips(path, ImportConfig()), "20000 frames")


def test_an_entry_of_another_size_than_its_head_says_is_refused(tmp_path: Path) -> None:
    head = io.BytesIO()
    table = {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6)}
    np.lib.format.write_array_header_1_0(head, table)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", head.getvalue() + bytes(40))
    path = tmp_path / "a.npz"
    with refusal(r"a\.npy"), open_zip(path) as archive:
        read_array(archive, "a.npy")


def test_an_index_of_a_pickle_beyond_the_file_is_refused(tmp_path: Path) -> None:
    beyond = b"\x80\x02]" + b"r" + struct.pack("<I", 10**5) + b"."
    refused(written(tmp_path / "a.pkl", beyond), load_plain, "100000")
    text = b"(lp100000\n."
    refused(written(tmp_path / "b.pkl", text), load_plain, "100000")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        good = {"a": [np.arange(3), "word", 1.5], "b": {"a": None}}
        assert load_plain(written(tmp_path / "c.pkl", pickle.dumps(good, protocol)))["a"][1] == "word"


@pytest.mark.usefixtures("small")
def test_a_pickle_of_more_objects_than_fit_is_refused(tmp_path: Path) -> None:
    refused(written(tmp_path / "a.pkl", pickle.dumps([[] for _ in range(1000)])), load_plain, "objects")


def test_bytes_that_are_not_there_are_not_asked_for(tmp_path: Path) -> None:
    missing = b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"."
    refused(written(tmp_path / "a.pkl", missing), load_plain)


def test_settings_and_layouts_have_a_size(tmp_path: Path) -> None:
    refused(written(tmp_path / "a.toml", "#" * (MAX_TOML + 1)), read_toml, str(MAX_TOML))
    refused(written(tmp_path / "b.toml", ".".join("a" * 40) + "=1"), SkeletonLayout.from_toml, "parts")
    chain = [f'["j{number}", "{f"j{number - 1}" if number else ""}"]' for number in range(1100)]
    many = f'name = "chain"\ncentre = "j0"\njoints = [{", ".join(chain)}]'
    refused(written(tmp_path / "c.toml", many), SkeletonLayout.from_toml, "1100")


def test_a_chain_of_joints_is_checked_and_a_circle_is_found() -> None:
    names = tuple(f"j{number}" for number in range(1024))
    options = {"name": "chain", "joints": names, "pairs": (), "centre": 0}
    assert len(SkeletonLayout(**options, parents=tuple(range(-1, 1023))).bones) == 1023
    with pytest.raises(ValueError, match="j3"):
        SkeletonLayout(**options, parents=(-1, 0, 1, 1023, *range(3, 1023)))


@pytest.mark.parametrize("name", ["own", "ctr-gcn", "pyskl", "nw-ucla", "pku-mmd", "kinetics", "bvh"])
def test_small_honest_files_are_within_the_bounds(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    source = read_clips(kind.write(tmp_path), ImportConfig(**kind.config(tmp_path)))
    assert not any(isinstance(clip, DataError) for clip in source.clips)


def test_what_reading_raises_names_the_file(tmp_path: Path) -> None:
    with refusal("here"), reading(tmp_path / "here"):
        raise MemoryError


@pytest.mark.usefixtures("small")
def test_a_data_set_of_hdf5_that_inflates_is_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("tracks", (10**5, 10), "f8", compression="gzip")
    with open_hdf5(tmp_path / "a.h5") as file, refusal("tracks"):
        values(file, "tracks", tmp_path / "a.h5")


def test_files_of_names_and_recordings_have_a_size(tmp_path: Path) -> None:
    names = written(tmp_path / "names.txt", "hip\n" * 2**17)
    refused(names, lambda file: read_joint_names(file, ("hip",), tmp_path), str(len(names.read_bytes())))
    for name, read in (("a.skeleton", read_skeleton), ("a.c3d", read_c3d), ("a.pose", read_pose)):
        with (path := tmp_path / name).open("wb") as file:
            file.truncate(2**31)  # a hole
        refused(path, read, str(2**31))


def test_text_among_numbers_takes_no_more_room_than_it_has(tmp_path: Path) -> None:
    """In an array of text each word takes as much room as the longest: here 40 GB."""
    most = ["x" * 10**6, *[0.5] * 10**4]
    assert as_numbers(most).dtype == object
    with pytest.raises(DataError, match=r"pose\[0\]"):
        positions(most, (10**4 + 1,), tmp_path, "pose")
    with pytest.raises(DataError, match=r"pose\[1\]"):
        numbers_or_nan([0.5, *most, None], (10**4 + 3,), tmp_path, "pose")
    table = written(tmp_path / "clips.csv", f"frames,label\n1,{'x' * 10**5}\n" + "1,a\n" * 10**5)
    np.save(tmp_path / "mine.npy", walk(4, 25))
    refused(table, lambda path: load_own_data(tmp_path / "mine.npy", path), "100000")


@pytest.mark.parametrize(
    ("value", "kind"),
    [([[1, 2], [3, 4]], "i"), ([0.5, 1], "f"), ([True, 1.0], "O"), ([[1], [2, 3]], "O"), ([10**400], "O")],
)
def test_only_numbers_become_an_array_of_numbers(value: list, kind: str) -> None:
    assert as_numbers(value).dtype.kind == kind
    found = arrays_under("pose")({"pose": value, "other": value})
    assert found["other"] is value and (kind == "O") == (found["pose"] is value)
