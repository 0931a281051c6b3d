"""`skeleton-data export`: a store in the form that other projects read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import CliPositionalArg

from skeleton_data.splits.grammar import Protocol


class ExportCommand(BaseModel):
    """Write a store for other projects: as the .npz of CTR-GCN, or as a Hugging Face data set.

    npz: x_train, y_train, x_test, y_test (and x_val, y_val), each clip padded with zeros to one length.
    huggingface: a folder for datasets.load_from_disk; needs `pip install skeleton-data[huggingface]`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: CliPositionalArg[Path] = Field(description="Folder of the store.")
    output: CliPositionalArg[Path] = Field(description="The new .npz file, or the new folder.")
    to: Literal["npz", "huggingface"] = Field(default="npz", description="Format of the export.")
    protocol: Protocol | None = Field(
        default=None,
        description="Protocol that divides the clips into training and test, as of `skeleton-data split`.",
    )
    split: Path | None = Field(
        default=None,
        description=(
            "Split in place of a protocol: a file of `skeleton-data split`, or clip names as text or CSV."
        ),
    )
    fold: int | None = Field(
        default=None, ge=1, description="Number of the fold, from 1, if the protocol has folds."
    )
    frames: int | None = Field(
        default=None,
        ge=1,
        description=(
            "Number of frames, from 1, to which npz clips are padded with zeros; without it, those of "
            "the longest clip (NTU files: 300)."
        ),
    )
    bodies: int | None = Field(
        default=None,
        ge=1,
        description="Number of bodies in each npz clip, from 1; without it 2, or the most in any clip.",
    )
    overwrite: bool = Field(
        default=False, description="Whether to replace an npz file that is already there."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.protocol is None) == (self.split is None):
            raise ValueError("give either protocol or split")
        if self.to == "huggingface" and (self.frames or self.bodies or self.overwrite):
            raise ValueError("frames, bodies and overwrite are for npz only")
        if self.to == "npz" and self.output.suffix != ".npz":
            raise ValueError(f"output must end in .npz, got {self.output}")
        return self

    def cli_cmd(self) -> None:
        """Export the store."""
        from skeleton_data.errors import DataError
        from skeleton_data.export.huggingface import export_huggingface
        from skeleton_data.export.npz import export_npz
        from skeleton_data.splits.divide import divide
        from skeleton_data.store.store import SkeletonStore

        store = SkeletonStore.open(self.store)
        try:
            sides = divide(store, self.protocol, file=self.split, fold=self.fold)
        except ValueError as error:
            raise error if isinstance(error, DataError) else DataError.at(self.store, str(error)) from None
        if self.to == "npz":
            export_npz(
                store,
                self.output,
                sides,
                frames=self.frames,
                bodies=self.bodies,
                overwrite=self.overwrite,
                progress=True,
            )
        else:
            export_huggingface(store, self.output, sides)
        print(f"{self.output}: {len(sides.train)} training and {len(sides.test)} test clips")
