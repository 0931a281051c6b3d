"""``skeleton-data import``: own data to a store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg

from skeleton_data.import_config import ImportConfig


class ImportCommand(ImportConfig):
    """Store own data: clips packed end to end in an .npz, or in an .npy with a CSV table of clips.

    The .npz holds positions_m or positions_mm, of the shape (sum of frames, joints, 3) or (sum of frames,
    bodies, joints, 3), y up; offsets (clip i is frames offsets[i] to offsets[i + 1]); and as far as known
    fps, joint_names, clip_names, class_names and columns with one entry for each clip. Joints are found by
    name, however spelled (ElbowLeft is left_elbow); those that the layout does not have are left out.
    """

    source: CliPositionalArg[Path] = Field(description="the .npz or .npy file")
    store: CliPositionalArg[Path] = Field(description="folder of the new store")
    on_error: Literal["stop", "skip"] = Field(
        default="stop", description="what to do about a clip that cannot be used: stop, or skip and report it"
    )
    report: Path | None = Field(
        default=None, description="list of the skipped clips; else STORE.skipped.txt, if there are any"
    )
    overwrite: bool = Field(default=False, description="replace a store that is already there")

    def cli_cmd(self) -> None:
        """Imports the data."""
        from skeleton_data.importer import import_clips

        config = ImportConfig(**{field: getattr(self, field) for field in ImportConfig.model_fields})
        done = import_clips(
            self.source,
            self.store,
            config,
            on_error=self.on_error,
            report=self.report,
            overwrite=self.overwrite,
            progress=True,
        )
        print(f"{self.store}: {done.clips} clips")
        if done.unused_joints:
            print(f"joints that layout {self.layout} does not have: {', '.join(done.unused_joints)}")
        if done.problems:
            report = self.report or f"{self.store}.skipped.txt"
            print(f"skipped: {len(done.problems)}, listed in {report}", file=sys.stderr)
