"""Models that are damaged, strange or not there: a line that names the file."""

import hashlib
import json
import shutil
import sys
import types
from fnmatch import fnmatch

import pytest
from trained_model import MODEL, assert_alike

from skeleton_data import DataError
from skeleton_runtime import Recogniser


def sum_up(folder):
    """Write checksums that fit."""
    names = ("model.onnx", "preprocessing.json", "calibration.json")
    there = [folder / name for name in names if (folder / name).exists()]
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in there]
    (folder / "SHA256SUMS").write_text("".join(lines))


def cut(folder):
    data = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(data[: len(data) // 2])


def replaced(old, new):
    def change(folder):
        data = (folder / "model.onnx").read_bytes()
        assert old in data
        (folder / "model.onnx").write_bytes(data.replace(old, new))

    return change


def rewritten(name, **fields):
    def change(folder):
        known = json.loads((folder / name).read_text()) if (folder / name).exists() else {}
        (folder / name).write_text(json.dumps(known | fields))

    return change


OPSET = b"\x42\x04\x0a\x00\x10\x12"
"""ModelProto.opset_import: the domain of ONNX itself, version 18."""


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (cut, "model.onnx: ONNX Runtime .* cannot load it"),
        (lambda folder: (folder / "model.onnx").write_bytes(b""), "model.onnx: "),
        (lambda folder: (folder / "model.onnx").unlink(), "no model.onnx"),
        (lambda folder: (folder / "preprocessing.json").unlink(), "preprocessing.json: .*missing"),
        (replaced(OPSET, OPSET[:-1] + b"\x63"), "model.onnx: ONNX Runtime .* cannot load it"),
        (replaced(b"skeleton-model/1", b"skeleton-model/9"), "expected a model of the format .*/9"),
        (rewritten("preprocessing.json", bodies=7), "model.onnx: .*exported for other clips"),
        (rewritten("preprocessing.json", units="feet"), "preprocessing.json: units"),
        (rewritten("calibration.json", temperature=-1), "calibration.json: temperature"),
    ],
)
def test_a_damaged_model_is_named(copy, change, complaint):
    change(copy)
    sum_up(copy)
    with pytest.raises(DataError, match=complaint):
        Recogniser.load(copy)


@pytest.mark.parametrize("name", ["model.onnx", "preprocessing.json"])
def test_an_altered_file_is_named_by_its_checksum(copy, name):
    path = copy / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DataError, match=f"{name}: damaged"):
        Recogniser.load(copy)


def test_a_calibration_that_has_gone_is_missed(copy):
    """Without it, the same clips would get other probabilities, and none would be unknown."""
    rewritten("calibration.json", temperature=50.0, threshold=0.5)(copy)
    sum_up(copy)
    (copy / "calibration.json").unlink()
    with pytest.raises(DataError, match=r"calibration\.json: .*missing"):
        Recogniser.load(copy)


def test_a_calibration_that_the_network_was_exported_with_is_missed_without_checksums(copy):
    (copy / "SHA256SUMS").unlink()
    replaced(b'"temperature":1.0', b'"temperature":2.0')(copy)
    with pytest.raises(DataError, match=r"calibration\.json: .*missing"):
        Recogniser.load(copy)
    assert Recogniser.load(copy / "model.onnx").calibration.temperature == 2
    rewritten("calibration.json", temperature=3.0)(copy)
    assert Recogniser.load(copy).calibration.temperature == 3


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda sums: "", None),
        (lambda sums: sums[:-30], 2),
        (lambda sums: sums[:40], 1),
        (lambda sums: sums + sums, 3),
        (lambda sums: "not a checksum\n" + sums, 1),
        (lambda sums: sums.split("\n", 1)[1], None),
    ],
    ids=[
        "empty",
        "cut in the last line",
        "cut in the first line",
        "twice",
        "another line",
        "a file is missing",
    ],
)
def test_checksums_that_are_not_whole_verify_nothing(copy, change, line):
    path = copy / "SHA256SUMS"
    sum_up(copy)
    path.write_text(change(path.read_text()))
    with pytest.raises(DataError, match="SHA256SUMS") as caught:
        Recogniser.load(copy)
    assert caught.value.line == line


def test_checksums_of_other_programs_are_read(copy):
    sum_up(copy)
    lines = [line.split("  ") for line in (copy / "SHA256SUMS").read_text().splitlines()]
    text = "".join(f"{digits.upper()} *{name}\r\n" for digits, name in lines)
    (copy / "SHA256SUMS").write_bytes(text.encode())
    Recogniser.load(copy)


@pytest.mark.parametrize("where", ["nowhere", "hf://", "hf://a/../b", "hf://../x", __file__])
def test_what_is_no_model_is_named(where):
    with pytest.raises(DataError, match=r"no such folder|no model|OWNER/NAME"):
        Recogniser.load(where)


def test_probabilities_are_calibrated_and_the_improbable_is_unknown(copy, recogniser, clips):
    rewritten("calibration.json", temperature=50.0, threshold=0.5)(copy)
    sum_up(copy)
    answer = Recogniser.load(copy).predict(clips[0])[0]
    assert max(answer.best(3).values()) < 0.5 and answer.label == "unknown"
    (plain,) = recogniser.predict(clips[0])
    assert list(answer.best(1)) == [plain.label]


def test_the_folder_of_a_run_is_found(tmp_path, recogniser, clips):
    (tmp_path / "classifier").symlink_to(MODEL, target_is_directory=True)
    assert_alike(Recogniser.load(tmp_path).predict(clips[:2]), recogniser.predict(clips[:2]))


@pytest.fixture
def hub(monkeypatch, copy, tmp_path):
    """A model on the Hub, whose library is replaced: it copies what is asked for."""
    library = types.ModuleType("huggingface_hub")

    def snapshot_download(name, *, allow_patterns):
        if name != "somebody/model":
            raise OSError(f"no {name}\nand more")
        folder = tmp_path / "cache"
        folder.mkdir(exist_ok=True)
        for file in copy.iterdir():
            if any(fnmatch(file.name, pattern) for pattern in allow_patterns):
                shutil.copy(file, folder)
        return str(folder)

    library.snapshot_download = snapshot_download
    monkeypatch.setitem(sys.modules, "huggingface_hub", library)
    return copy


def test_a_model_on_the_hub_is_loaded_and_nothing_but_it(hub, tmp_path, recogniser, clips):
    for name in ("setup.py", "model.pt", "model.safetensors", "x.onnx", "config.json"):
        (hub / name).write_text("x")
    assert_alike(Recogniser.load("hf://somebody/model").predict(clips[:2]), recogniser.predict(clips[:2]))
    assert {file.name for file in (tmp_path / "cache").iterdir()} == {
        *("model.onnx", "preprocessing.json", "SHA256SUMS")
    }


@pytest.mark.parametrize(
    ("change", "where", "complaint"),
    [
        (
            lambda folder: (folder / "preprocessing.json").write_text("{}"),
            "model",
            "preprocessing.json: damaged",
        ),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "model", "has no SHA256SUMS"),
        (lambda folder: (folder / "model.onnx").unlink(), "model", "no model.onnx"),
        (lambda folder: None, "other", "^hf://somebody/other .*: no somebody/other$"),
    ],
)
def test_a_bad_model_on_the_hub_is_one_line(hub, change, where, complaint):
    change(hub)
    with pytest.raises(DataError, match=complaint):
        Recogniser.load(f"hf://somebody/{where}")


def test_without_the_library_of_the_hub_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(DataError, match=r"skeleton-runtime\[hub\]"):
        Recogniser.load("hf://somebody/model")


def test_an_altered_file_alone_is_named_by_the_checksum_beside_it(copy):
    with (copy / "model.onnx").open("ab") as file:
        file.write(b" ")
    with pytest.raises(DataError, match=r"model\.onnx: damaged"):
        Recogniser.load(copy / "model.onnx")
