"""Look at what a model sees, reconstructs, attends to and separates.

    skeleton-lab visualize reconstruction runs/pretrained clip.png --clip 7
    skeleton-lab visualize masks data/store masks.png
    skeleton-lab visualize attention runs/tuned attention.png
    skeleton-lab visualize embedding runs/pretrained embedding.png --side validation

The ending of OUTPUT chooses the format: .png, .svg, .pdf; of `reconstruction` also .gif and .html, which show
it as it moves. Clips are those of the model's own run, unless a store is named, or a data set of your own
(`--dataset.kind my_module:MyClips`). `COMMAND --help` says more.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg, CliSubCommand

from skeleton_data import SkeletonStore
from skeleton_lab.data.source import DATASET, ClipSource, DatasetPlugin
from skeleton_lab.errors import InputError, exit_on_bad_input, input_errors
from skeleton_lab.evaluation.data import EvaluateData, HeldOutSide, open_models, require_data_of_run
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import RecipeSection, read_options
from skeleton_lab.recipe.renamed import subcommand_today


class Reconstruction(RecipeSection):
    """Draw a clip, its visible joints, and what a pre-trained model reconstructs from them."""

    run: CliPositionalArg[str] = Field(description="Pre-training run, or its encoder/.")
    output: CliPositionalArg[Path] = Field(description="The .png, .svg, .pdf, .gif or .html file.")
    store: Path | None = Field(None, description="Store of the clip (default: the first of the run).")
    dataset: DatasetPlugin | None = Field(None, description=DATASET)
    clip: int = Field(0, ge=0, description="Number of the clip in the store, from 0.")
    seed: int = Field(0, ge=0, description="Random seed of the mask.")
    masks: bool = Field(
        False,
        description=(
            "Whether to draw each of the paper's masking strategies, one below the other, into "
            "a .png, .svg or .pdf."
        ),
    )

    def draw(self) -> None:
        """Draw it."""
        from skeleton_lab.pictures.reconstruction import draw_reconstruction, draw_reconstructions

        model = SavedModel.open(self.run)
        if model.run is None:
            raise InputError(f"{model.path} lies in no run, and only a run keeps its decoder")
        drawn = draw_reconstructions if self.masks else draw_reconstruction
        drawn(model.run, _clips(model, self.store, self.dataset), self.clip, self.output, seed=self.seed)


class Masks(RecipeSection):
    """Draw the paper's masking strategies (figure 3) on a clip."""

    store: CliPositionalArg[Path | None] = Field(None, description="Store of the clip.")
    output: CliPositionalArg[Path] = Field(description="The .png, .svg or .pdf file.")
    dataset: DatasetPlugin | None = Field(None, description=DATASET)
    clip: int = Field(0, ge=0, description="Number of the clip in the store, from 0.")
    frames: int = Field(20, ge=2, description="Number of frames to which the clip is resampled.")
    frame_ratio: float = Field(
        0.4, ge=0, lt=1, description="Fraction of the frames that is masked (alpha in the paper)."
    )
    joint_ratio: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="Fraction of the joints that is masked in each remaining frame (beta in the paper).",
    )
    seed: int = Field(0, ge=0, description="Random seed of the masks.")

    def draw(self) -> None:
        """Draw it."""
        from skeleton_lab.pictures.reconstruction import draw_masks

        ratios = {"frame_ratio": self.frame_ratio, "joint_ratio": self.joint_ratio}
        store = _named(self.store, self.dataset).open_store("")
        draw_masks(store, self.clip, self.output, frames=self.frames, **ratios, seed=self.seed)


class Attention(RecipeSection):
    """Draw on a body how much attention its joints get in each block of an STTFormer."""

    model: CliPositionalArg[str] = Field(description="Run, folder of a model, or hf://OWNER/NAME.")
    output: CliPositionalArg[Path] = Field(description="The .png, .svg or .pdf file.")
    store: Path | None = Field(None, description="Store of the clip (default: the first of the run).")
    dataset: DatasetPlugin | None = Field(None, description=DATASET)
    clip: int = Field(0, ge=0, description="Number of the clip in the store, from 0.")

    def draw(self) -> None:
        """Draw it."""
        from skeleton_lab.pictures.attention import draw_attention

        model = SavedModel.open(self.model)
        draw_attention(model, _clips(model, self.store, self.dataset), self.clip, self.output)


class Embedding(RecipeSection):
    """Draw the features of clips along their two principal components, coloured by class."""

    model: CliPositionalArg[str] = Field(description="Run, folder of a model, or hf://OWNER/NAME.")
    output: CliPositionalArg[Path] = Field(description="The .png, .svg or .pdf file; a .csv goes beside it.")
    side: HeldOutSide = Field("test", description="Which part of the split is drawn.")
    data: EvaluateData = Field(
        EvaluateData(), description="The clips; what is not given here is taken from the run."
    )
    calibration_clips: int = Field(
        1024,
        ge=0,
        description=(
            "Number of training clips from which BatchNorm statistics are computed again; 0 "
            "keeps the encoder's own."
        ),
    )

    def draw(self) -> None:
        """Draw it."""
        from skeleton_lab.evaluation.evaluation import pooled_features
        from skeleton_lab.pictures.embedding import draw_embedding

        (model,), _, clips = open_models([self.model], self.data, self.side)
        shown = clips.test if self.side == "test" else clips.validation
        features = pooled_features(model, clips, shown, calibration_clips=self.calibration_clips)
        labels = clips.store.index.label[shown].tolist()
        names = [clips.store.name(int(clip)) for clip in shown]
        fraction = draw_embedding(self.output, features, labels, clips.classes, names)
        print(f"{len(shown)} {self.side} clips; the plane shows {fraction:.1%} of the features' variance")


class VisualizeConfig(RecipeSection):
    """Draw what a model sees, reconstructs, attends to and separates."""

    reconstruction: CliSubCommand[Reconstruction] = Field(
        description="draw a clip, its visible joints, and the model's reconstruction"
    )
    masks: CliSubCommand[Masks] = Field(description="draw the paper's masking strategies on a clip")
    attention: CliSubCommand[Attention] = Field(
        description="draw how much attention each joint gets in an STTFormer"
    )
    embedding: CliSubCommand[Embedding] = Field(
        description="draw features of clips in two dimensions, coloured by class"
    )


def _named(store: Path | None, dataset: DatasetPlugin | None) -> ClipSource:
    """Return the one source of the two."""
    if (store is None) == (dataset is None):
        raise InputError("give either a store or a data set (--dataset.kind): one of them, not both")
    return ClipSource(store=store, dataset=dataset)


def _clips(model: SavedModel, store: Path | None, dataset: DatasetPlugin | None) -> SkeletonStore:
    """Return the clips that are named, or the first of those of the model's run."""
    data = model.recipe.get("data", {})
    if store is None and dataset is None:
        known = next(iter(data.get("sources", ())), data)
        store, own = known.get("store"), known.get("dataset")
        if store is None and own is None:
            raise InputError(f"store must be given: {model.path} does not lie in a run that records it")
        if own is not None:
            dataset = DatasetPlugin(**own).require_trust(f"{model.run}/config.toml")
    source = _named(store, dataset)
    opened = source.open_store("")
    require_data_of_run(model, source, opened)
    return opened


def run(config: VisualizeConfig) -> None:
    """Draw what is asked for.

    Raises:
        InputError: If model, clips or options cannot be used.
    """
    command = config.reconstruction or config.masks or config.attention or config.embedding
    if command is None:
        raise InputError(f"name a picture: {', '.join(VisualizeConfig.model_fields)}")
    with input_errors():
        command.draw()
    print(f"{command.output}")


@exit_on_bad_input("visualize")
def main() -> None:
    """Draw what the command line names."""
    run(read_options(VisualizeConfig, subcommand_today(sys.argv[1:]), program="visualize"))


if __name__ == "__main__":
    main()
