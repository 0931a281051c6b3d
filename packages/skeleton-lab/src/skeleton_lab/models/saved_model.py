"""A model as it is kept and shared: a folder of weights, config and preprocessing; nothing in it is run."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import TypeAdapter, ValidationError

from skeleton_baselines import STGCNConfig
from skeleton_data import file_sha256
from skeleton_lab.data.preprocessing import FILE, Preprocessing
from skeleton_lab.errors import InputError
from skeleton_lab.models.encoder import EncoderConfig, saved_fields
from skeletonmae import EncoderPlugin
from sttformer import Pool

if TYPE_CHECKING:
    from skeleton_lab.models.weights import Encoder

FILES = ("config.json", "model.safetensors", FILE)
"""All that a model is; no other name is ever read, wherever the folder is from."""
SUMS = "SHA256SUMS"
"""Their checksums, as `sha256sum --check` reads them."""
HUB = "hf://"


@dataclass(frozen=True)
class SavedModel:
    """A saved encoder or classifier, with all that is needed to use it.

    Attributes:
        folder: Where its files are.
        config: The shape of the network.
        preprocessing: Skeleton, sampling and, of a classifier, class names.
        run: Folder of the run that made it, if it lies in one.
    """

    folder: Path
    config: EncoderConfig
    preprocessing: Preprocessing
    run: Path | None = None

    @classmethod
    def open(cls, where: str | Path) -> Self:
        """Find and check a model; its weights are not read yet.

        Args:
            where: Folder of the model, folder of a finished run, or `hf://OWNER/NAME` on the Hugging Face
                Hub, from where the known files are downloaded.

        Raises:
            InputError: If there is no model, or one that is damaged; names the file.
        """
        folder = _download(str(where)) if str(where).startswith(HUB) else _find(Path(where))
        _check_files(folder)
        preprocessing = Preprocessing.load(folder)
        try:
            config: EncoderConfig = TypeAdapter(EncoderConfig).validate_python(saved_fields(folder))
        except ValidationError as error:
            first = error.errors()[0]
            raise InputError(
                f"{folder / FILES[0]}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
            ) from error
        classes, joints = len(preprocessing.classes), len(preprocessing.layout.joints)
        if (config.num_classes, config.joints) != (classes, joints):
            raise InputError(
                f"{folder}: {FILES[0]} is of {config.num_classes} classes and {config.joints} joints, "
                f"{FILE} of {classes} and {joints}"
            )
        return cls(folder, config, preprocessing, run_of(folder))

    @property
    def recipe(self) -> dict[str, Any]:
        """The recipe of the run, as it was resolved; empty without a run."""
        return tomllib.loads((self.run / "config.toml").read_text()) if self.run else {}

    def pooled(self, pool: Pool) -> Self:
        """The same encoder, whose features are the mean over all tokens, or that of each joint.

        Raises:
            InputError: If it is a classifier, whose head decides that, or an ST-GCN.
        """
        if self.is_classifier or isinstance(self.config, STGCNConfig):
            raise InputError(f"pool: {self.folder} is no STTFormer or transformer without a head")
        return replace(self, config=self.config.model_copy(update={"pool": pool}))

    @property
    def is_classifier(self) -> bool:
        """Whether it answers with classes; else with features."""
        return bool(self.preprocessing.classes)

    def load(self) -> Encoder:
        """Build the network with its weights, in evaluation mode.

        Raises:
            ValueError: If the weights do not fit, or are damaged; or if the network is of a class that is
                imported only where it is trusted (`skeletonmae.Plugin.require_trust`).
        """
        from skeleton_lab.models.weights import build_encoder, load_encoder

        if isinstance(self.config, EncoderPlugin):
            self.config.require_trust(self.folder / FILES[0])
        network = build_encoder(self.config)
        load_encoder(network, self.folder)
        return network.eval()


def run_of(folder: Path) -> Path | None:
    """The run that a folder of a model lies in; a run of several views has a folder for each of them."""
    return next((run for run in folder.absolute().parents[:2] if (run / "config.toml").is_file()), None)


def write_checksums(folder: Path) -> None:
    """Write the checksums of the files of a model beside them."""
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in FILES]
    (folder / SUMS).write_text("".join(lines))


def verify_checksums(folder: Path) -> None:
    """Compare the files of a model with their checksums, where there are any.

    Raises:
        InputError: Naming the file that is another.
    """
    if not (folder / SUMS).is_file():
        return
    for line in (folder / SUMS).read_text().splitlines():
        checksum, _, name = line.partition("  ")
        if name not in FILES:
            raise InputError(f"{folder / SUMS}: {name!r} is no file of a model")
        if file_sha256(folder / name) != checksum:
            raise InputError(f"{folder / name}: damaged: its checksum is not the one in {SUMS}")


def _check_files(folder: Path) -> None:
    for name in FILES:
        if not (folder / name).is_file():
            raise InputError(f"{folder / name} is missing; {folder} is no saved model")
    verify_checksums(folder)


def _find(path: Path) -> Path:
    for folder in (path, path / "classifier", path / "encoder"):
        if (folder / FILES[0]).is_file():
            return folder
    if not path.exists():
        raise InputError(f"{path}: no such folder")
    raise InputError(f"{path}: no model (neither it, nor classifier/ or encoder/ in it, has a {FILES[0]})")


def _download(where: str) -> Path:
    name = where.removeprefix(HUB)
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        raise InputError(f"{where}: expected {HUB}OWNER/NAME")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=[*FILES, SUMS]))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise InputError(f"{where}: {str(error).splitlines()[0]}") from error
