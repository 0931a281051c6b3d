"""The files of a model: where they are, and whether they are whole. Nothing in them is run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from skeleton_data import Preprocessing, file_sha256, in_words, read_checksums
from skeleton_lab.errors import InputError, input_errors
from skeleton_lab.models.network_config import NetworkConfig
from skeleton_lab.recipe.mistakes import mistakes
from skeleton_lab.recipe.text_files import read_json
from skeleton_runtime import Calibration
from skeletonmae import READY, ready_folder

CONFIG, WEIGHTS = "config.json", "model.safetensors"
FILES = (CONFIG, WEIGHTS, Preprocessing.FILE)
"""What every model is."""
ONNX, INT8 = "model.onnx", "model.int8.onnx"
EXPORTED = (ONNX, INT8)
CLASSES = "classes.json"
"""The classes as values, where an estimator wrote them: true and 1 are not the names "True" and "1"."""
OPTIONAL = (Calibration.FILE, CLASSES, *EXPORTED)
"""What a model may have besides; no other name is ever read, wherever the folder is from."""
SUMS = "SHA256SUMS"
"""Their checksums, as `sha256sum --check` reads them."""
HUB = "hf://"
PUBLISHED = (".pt", ".pth")
"""Endings of a checkpoint of the published STTFormer."""


def locate(where: str | Path) -> Path:
    """Find the folder of a model, or the file of a published checkpoint.

    Args:
        where: Folder of the model, folder of a finished run, published checkpoint (`.pt`, `.pth`),
            `skeletonmae-small`, which comes with the packages, or `hf://OWNER/NAME` on the Hugging Face Hub,
            from where the known files are downloaded.

    Raises:
        InputError: If there is no model.
    """
    if str(where).startswith(HUB):
        return _download(str(where))
    path = Path(where)
    if path.is_file() and path.suffix in PUBLISHED:
        return path
    if str(where) in READY and not path.exists():
        return ready_folder(str(where))
    if not path.is_dir():
        expected = f"a folder, {', '.join(READY)}, {HUB}OWNER/NAME, or a {' or '.join(PUBLISHED)} file"
        problem = "no model" if path.exists() else "no such folder"
        raise InputError(f"{path}: {problem}; expected {expected}")
    for folder in (path, path / "classifier", path / "encoder"):
        if (folder / CONFIG).is_file():
            return folder
    if inside := [str(each) for each in (path / "all", path / "fold-01") if each.is_dir()]:
        raise InputError(
            f"{path} holds the runs of all folds: name the model of one, as {' or '.join(inside)}"
        )
    if (path / ONNX).is_file() and (streams := [str(each.parent) for each in path.glob(f"*/{CONFIG}")]):
        raise InputError(
            f"{path} fuses the answers of {len(streams)} networks in {ONNX}, which runs without torch alone; "
            f"expected one network: {', '.join(sorted(streams))}"
        )
    raise InputError(f"{path} is not a model: neither it, nor classifier/ or encoder/ in it, has a {CONFIG}")


def weights_file(path: Path) -> Path:
    """Return the file of the weights of what `locate` found."""
    return path if path.is_file() else path / WEIGHTS


def run_of(path: Path) -> Path | None:
    """Return the run that a folder is, or lies in; a run of several views has a folder for each of them."""
    if path.suffix in PUBLISHED:
        return None
    folders = (path.absolute(), *path.absolute().parents[:2])
    return next((folder for folder in folders if (folder / "config.toml").is_file()), None)


def read_config(folder: Path) -> NetworkConfig:
    """Read the config of a model.

    Raises:
        InputError: If it is damaged; names file and field.
    """
    saved = read_json(folder / CONFIG)
    if not isinstance(saved, dict) or not isinstance(saved.get("config"), dict):
        raise InputError(f"{folder / CONFIG}: expected a table 'config'")
    adapter: TypeAdapter[NetworkConfig] = TypeAdapter(NetworkConfig)
    try:
        # The first models that were saved did not name their kind.
        return adapter.validate_python({"kind": "sttformer"} | saved["config"])
    except ValidationError as error:
        mistake = next(mistakes(error))
        field = ".".join(["config", *map(str, mistake["loc"][1:])])  # the first is the kind
        raise InputError(
            f"{folder / CONFIG}: it is damaged, or of another version: {field}: {in_words(mistake)}"
        ) from error


def files_of(folder: Path) -> tuple[str, ...]:
    """Return the names of the files that a model has."""
    return (*FILES, *(name for name in OPTIONAL if (folder / name).is_file()))


def write_checksums(folder: Path) -> None:
    """Write the checksums of the files of a model that are there beside them."""
    names = [name for name in (*FILES, *OPTIONAL) if (folder / name).is_file()]
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(lines))


def copy_files(folder: Path, output: Path) -> None:
    """Copy the files of a model, but for what was exported, into another folder."""
    for name in files_of(folder):
        if name not in EXPORTED:
            shutil.copyfile(folder / name, output / name)


def check_files(folder: Path) -> None:
    """Compare the files of a model with their checksums, where there are any.

    Raises:
        InputError: Naming the file that is missing, has no checksum, or another one.
    """
    for name in FILES:
        if not (folder / name).is_file():
            raise InputError(f"{folder / name} is missing; {folder} is no saved model")
    if not (folder / SUMS).is_file():
        return
    with input_errors():
        sums = read_checksums(folder / SUMS)
    for name in sorted(sums.keys() - {*FILES, *OPTIONAL}):
        raise InputError(f"{folder / SUMS}: {name!r} is no file of a model")
    for name in dict.fromkeys((*files_of(folder), *sums)):
        if name not in sums:
            raise InputError(f"{folder / SUMS}: the checksum of {name} is missing")
        if not (folder / name).is_file():
            raise InputError(f"{folder / name} is missing, but {SUMS} has its checksum")
        if file_sha256(folder / name) != sums[name]:
            raise InputError(f"{folder / name}: damaged: its checksum is not the one in {SUMS}")


def _download(where: str) -> Path:
    name = where.removeprefix(HUB)
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        raise InputError(f"{where} does not name a model; a name is {HUB}OWNER/NAME")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=[*FILES, *OPTIONAL, SUMS]))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise InputError(f"{where} cannot be downloaded: {str(error).splitlines()[0]}") from error
