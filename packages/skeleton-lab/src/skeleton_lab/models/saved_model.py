"""A model as it is kept and shared: weights, config and preprocessing, opened in one way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from skeleton_baselines import STGCNConfig
from skeleton_data import DataError, Preprocessing, SkeletonLayout, file_sha256, joint_indices
from skeleton_lab.errors import InputError, input_errors
from skeleton_lab.models.model_folder import CONFIG, check_files, locate, read_config, run_of, weights_file
from skeleton_lab.models.network_config import NetworkConfig
from skeleton_lab.recipe.text_files import read_toml
from skeleton_runtime import Calibration
from skeletonmae import EncoderPlugin
from sttformer import JointSubset, Pool

if TYPE_CHECKING:
    from skeleton_lab.models.weights import Network


@dataclass(frozen=True)
class SavedModel:
    """A saved encoder or classifier, with all that is needed to use it.

    Attributes:
        path: The folder of its files, or the published checkpoint.
        config: The shape of the network.
        preprocessing: Skeleton, sampling and, of a classifier, class names.
        run: Folder of the run that made it, if it lies in one.
        calibration: How scores of a classifier become probabilities.
    """

    path: Path
    config: NetworkConfig
    preprocessing: Preprocessing
    run: Path | None = None
    calibration: Calibration = field(default_factory=Calibration)

    @classmethod
    def open(cls, where: str | Path, *, clips: Preprocessing | None = None) -> Self:
        """Find and check a model; of a folder the weights are not read yet.

        Args:
            where: Folder of the model, folder of a finished run, `skeletonmae-small`, which comes with the
                packages, `hf://OWNER/NAME` on the Hugging Face Hub, or a checkpoint of the published
                STTFormer (`.pt`, `.pth`).
            clips: What the clips go through that the model is shown. A published checkpoint does not say
                this, so that it can only be opened with it.

        Raises:
            InputError: If there is no model, or one that is damaged; names the file.
        """
        path = locate(where)
        if path.is_file():
            return cls._published(path, clips)
        check_files(path)
        with input_errors():
            preprocessing, calibration = Preprocessing.load(path), Calibration.load(path)
        config = read_config(path)
        classes, joints = len(preprocessing.classes), len(preprocessing.layout.joints)
        if (config.num_classes, config.joints) != (classes, joints):
            raise InputError(
                f"{path}: config.json has {config.num_classes} classes and {config.joints} joints, but "
                f"preprocessing.json of {classes} and {joints}"
            )
        return cls(path, config, preprocessing, run_of(path), calibration)

    @classmethod
    def _published(cls, path: Path, clips: Preprocessing | None) -> Self:
        if clips is None:
            raise InputError(
                f"{path}: a published checkpoint names neither its joints nor its classes; "
                f"fine-tune it first (finetune --pretrained {path})"
            )
        from sttformer import official_config, read_official

        state = read_official(path)
        try:
            config = official_config(state, joints=len(clips.layout.joints))
        except ValueError as error:
            raise InputError(f"{path}: {error}") from error
        sampling, positions = clips.sampling, state.get("blocks.0.pes.pe")
        if positions is not None and positions.ndim == 4:  # (1, C', tuples, S)
            frames = positions.shape[2] * config.tuple_frames
            sampling = sampling.model_copy(update={"frames": frames})
        return cls(path, config, clips.model_copy(update={"sampling": sampling, "classes": ()}))

    def for_layout(self, layout: SkeletonLayout, *, here: str) -> Self:
        """Return the same network for clips of another layout, all of whose joints are among its own.

        Joints are found by name (`sttformer.JointSubset`). A network that has no weights for each
        joint of its own, such as an ST-GCN, stays as it is.

        Args:
            layout: Skeleton of the clips.
            here: Where the clips are, for messages.

        Raises:
            InputError: The network lacks a joint, or the network was trained on bones; names it.
        """
        config, own = self.config, self.preprocessing.layout
        if layout.joints == own.joints or not isinstance(config, JointSubset):
            return self
        if self.preprocessing.sampling.stream.startswith("bone"):
            raise InputError(
                f"{here} has layout {layout.name}, but {self.path} was trained on bones of {own.name}, "
                "which may begin at other joints"
            )
        try:
            indices = joint_indices(layout.joints, own.joints, source="by name", target=own.name)
        except DataError as error:
            raise InputError(
                f"{here} has layout {layout.name} ({len(layout.joints)} joints), but {self.path} was made "
                f"for {own.name} ({len(own.joints)} joints); {error}"
            ) from error
        before = config.joint_indices or range(config.joints)
        changes = {
            "joints": len(indices),
            "joint_indices": tuple(before[index] for index in indices),
            "joint_count": config.skeleton_joints,
        }
        return replace(
            self,
            config=type(config)(**{**config.model_dump(), **changes}),
            preprocessing=self.preprocessing.model_copy(update={"layout": layout}),
        )

    @property
    def recipe(self) -> dict[str, Any]:
        """The recipe of the run, as it was resolved; empty without a run.

        Raises:
            InputError: If it cannot be read, or does not say on which data; names the file.
        """
        if self.run is None:
            return {}
        path = self.run / "config.toml"
        recipe = read_toml(path)
        data = recipe.get("data", {})
        sources = data.get("sources", [data]) if isinstance(data, dict) else None
        if (
            not isinstance(sources, list)
            or not sources
            or not all(isinstance(each, dict) for each in sources)
        ):
            raise InputError(f"{path}: data: expected a table, with a store or with a list of sources")
        return recipe

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights' file."""
        return file_sha256(weights_file(self.path))

    def pooled(self, pool: Pool) -> Self:
        """Return the same encoder, whose features are the mean over all tokens, or that of each joint.

        Raises:
            InputError: If it is a classifier, whose head decides that, or an ST-GCN.
        """
        if self.is_classifier or isinstance(self.config, STGCNConfig):
            raise InputError(
                f"pool: {self.path} is not an encoder, which is an STTFormer or transformer without a head"
            )
        return replace(self, config=self.config.model_copy(update={"pool": pool}))

    @property
    def has_joints(self) -> bool:
        """Whether it is an STTFormer or a transformer without a head, whose features are those of joints."""
        return not (self.is_classifier or isinstance(self.config, STGCNConfig | EncoderPlugin))

    @property
    def is_classifier(self) -> bool:
        """Whether it answers with classes; else with features."""
        return self.config.num_classes > 0

    def load(self) -> Network:
        """Build the network with its weights, in evaluation mode.

        Raises:
            ValueError: If the weights do not fit, or are damaged; or if the network is of a class that is
                imported only where it is trusted (`skeletonmae.Plugin.require_trust`).
        """
        from skeleton_lab.models.weights import load_network

        if isinstance(self.config, EncoderPlugin):
            self.config.require_trust(self.path / CONFIG)
        return load_network(self.config, self.path).eval()
