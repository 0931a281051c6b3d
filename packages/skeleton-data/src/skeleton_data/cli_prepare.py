"""``skeleton-data prepare``: raw NTU recordings to a store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import CliPositionalArg

from skeleton_data.clips import Cleaning
from skeleton_data.layout import layout_names


class PrepareCommand(BaseModel):
    """Read, clean and store raw NTU RGB+D recordings.

    RAW is a folder with .skeleton files, in it or in folders below, or with the official .zip files, which
    are not unpacked, or one .zip file. Each recording is cleaned like the reference (which bodies are people,
    at most two of them, the origin at the first frame's middle of the spine), or as --cleaning says. The
    samples that NTU's authors list as without usable skeleton are left out. A folder with a class_names.txt,
    one name a line, is taken for another set in the same format, like that of `skeleton-data synth`.

    Killed, it leaves the old store or none; the same command goes on where it was cut off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw: CliPositionalArg[Path] = Field(description="folder with .skeleton or .zip files, or a .zip file")
    store: CliPositionalArg[Path] = Field(description="folder of the new store")
    cleaning: Cleaning = Field(
        default="reference",
        description="reference: as published results; true_frames: the same people, but gaps in the tracking"
        " stay gaps; contrast: as CrosSCLR and AimCLR, 50 frames, shoulders aligned",
    )
    layout: str = Field(
        default="ntu", description=f"layout of the store: {', '.join(layout_names())} or a .toml file"
    )
    derive: bool = Field(
        default=False, description="take joints that NTU does not have from others, where the layout has them"
    )
    workers: int = Field(default=0, ge=0, description="processes; 0: one for each core")
    on_error: Literal["stop", "skip"] = Field(
        default="stop", description="what to do about a file that cannot be used: stop, or skip and report it"
    )
    report: Path | None = Field(
        default=None, description="list of the skipped files; else STORE.skipped.txt, if there are any"
    )
    overwrite: bool = Field(default=False, description="replace a store that is already there")

    def cli_cmd(self) -> None:
        """Prepares the store."""
        from skeleton_data.preparation import prepare

        done = prepare(
            self.raw,
            self.store,
            cleaning=self.cleaning,
            layout_name=self.layout,
            derive=self.derive,
            workers=self.workers,
            on_error=self.on_error,
            report=self.report,
            overwrite=self.overwrite,
            progress=True,
        )
        print(f"{self.store}: {done.clips} clips")
        if done.resumed:
            print(f"of them taken over from a preparation that was cut off: those of {done.resumed} files")
        for joint, sources in done.derived_joints.items():
            print(f"derived: {joint} from {', '.join(sources)}")
        if done.left_out:
            print(f"left out, as NTU's authors list them as without usable skeleton: {done.left_out}")
        if done.problems:
            report = self.report or f"{self.store}.skipped.txt"
            print(f"skipped: {len(done.problems)}, listed in {report}", file=sys.stderr)
