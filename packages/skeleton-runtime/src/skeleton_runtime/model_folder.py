"""Where a model's files are, and whether they are whole. Nothing in them is run but the network."""

from __future__ import annotations

import re
from pathlib import Path

from skeleton_data import DataError, Preprocessing, file_sha256, read_checksums
from skeleton_runtime.calibration import Calibration
from skeleton_runtime.network import OnnxNetwork

ONNX, SUMS = "model.onnx", "SHA256SUMS"
FILES = (ONNX, Preprocessing.FILE)
HUB = "hf://"
DOWNLOADED = (ONNX, Preprocessing.FILE, Calibration.FILE, SUMS)
"""All that is downloaded, whatever else is there."""


def open_model(where: str | Path, *, threads: int = 1) -> tuple[Preprocessing, OnnxNetwork, Calibration]:
    """Find, check and load a model.

    Args:
        where: Folder of the model, its `model.onnx`, the folder of a run, or `hf://OWNER/NAME`.
        threads: Threads that the network may use.

    Raises:
        DataError: If there is no model, or it is damaged; names the file.
    """
    path = locate(where)
    if path.is_file():
        if (path.parent / SUMS).is_file():
            check_files(path.parent, (path.name,))
        network = OnnxNetwork(path, threads=threads)
        return network.preprocessing(), network, network.calibration()
    check_files(path, FILES, (Calibration.FILE,))
    preprocessing, network = Preprocessing.load(path), OnnxNetwork(path / ONNX, threads=threads)
    if not (path / Calibration.FILE).is_file() and network.calibration() != Calibration():
        raise DataError.at(path / Calibration.FILE, f"the file is missing, but {ONNX} was exported with one")
    if network.preprocessing() != preprocessing:
        raise DataError.at(path / ONNX, f"it was exported for other clips than those of {Preprocessing.FILE}")
    return preprocessing, network, Calibration.load(path)


def locate(where: str | Path) -> Path:
    """Find the folder with a `model.onnx`, or the file itself.

    Raises:
        DataError: If there is none.
    """
    if str(where).startswith(HUB):
        return _download(str(where))
    path = Path(where)
    if path.is_file() and path.suffix == ".onnx":
        return path
    if not path.is_dir():
        problem = "no model" if path.exists() else "no such folder"
        raise DataError.at(path, f"{problem}; expected a folder, a .onnx file, or {HUB}OWNER/NAME")
    for folder in (path, path / "classifier", path / "encoder"):
        if (folder / ONNX).is_file():
            return folder
    raise DataError.at(path, f"it has no {ONNX}; `skeleton-lab share RUN --output FOLDER` writes one")


def check_files(folder: Path, names: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    """Compare files of a model with their checksums, where there are any.

    Args:
        folder: Where the files are.
        names: Files that must be there.
        optional: Files that must be there if the checksums name them.

    Raises:
        DataError: Naming the file that is missing, has no checksum, or another one.
    """
    for name in names:
        if not (folder / name).is_file():
            raise DataError.at(folder / name, "the file is missing")
    sums = folder / SUMS
    if not sums.is_file():
        return
    known = read_checksums(sums)
    for name in (*names, *(name for name in optional if name in known or (folder / name).is_file())):
        if name not in known:
            raise DataError.at(sums, f"the checksum of {name} is missing")
        if not (folder / name).is_file():
            raise DataError.at(folder / name, f"the file is missing, but {SUMS} has its checksum")
        if file_sha256(folder / name) != known[name]:
            raise DataError.at(folder / name, f"damaged: its checksum is not the one in {SUMS}")


def _download(where: str) -> Path:
    name = where.removeprefix(HUB)
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        raise DataError(f"{where} does not name a model; a name is {HUB}OWNER/NAME")
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise DataError(f"{where}: install skeleton-runtime[hub] to download models") from None
    try:
        folder = Path(snapshot_download(name, allow_patterns=list(DOWNLOADED)))
    except Exception as error:  # of the connection, the Hub or the disk, in many classes
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{where} cannot be downloaded: {reason}") from error
    for name in (ONNX, SUMS):
        if not (folder / name).is_file():
            raise DataError(f"{where}: it has no {name}; `skeleton-lab share RUN --output FOLDER` writes one")
    return folder
