"""`skeleton-data prepare`: raw NTU recordings to a store."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from skeleton_data.cli.store_options import StoreOptions
from skeleton_data.clips import Cleaning, Up
from skeleton_data.layouts.layout import layout_names


class PrepareCommand(StoreOptions):
    """Read, clean and store raw NTU RGB+D recordings.

    RAW is a folder with .skeleton files, in it or in folders below, or with the official .zip files, which
    are not unpacked, or one .zip file. Each recording is cleaned like the reference (which bodies are people,
    at most two of them, the origin at the first frame's middle of the spine), or as --cleaning says. The
    samples that NTU's authors list as without usable skeleton are left out. A folder with a class_names.txt,
    one name a line, is taken for another set in the same format, like that of `skeleton-data synth`.

    Killed, it leaves the old store or none; the same command goes on where it was cut off.
    """

    raw: CliPositionalArg[Path] = Field(description="folder with .skeleton or .zip files, or a .zip file")
    store: CliPositionalArg[Path] = Field(description="folder of the new store")
    cleaning: Cleaning = Field(
        default="reference",
        description="reference: as published results; true_frames: the same people, but gaps in the tracking"
        " stay gaps; contrast: as CrosSCLR and AimCLR, 50 frames, shoulders aligned",
    )
    up: Up = Field(default="y", description="axis of the recordings that points up, -y where y points down")
    layout: str = Field(
        default="ntu", description=f"layout of the store: {', '.join(layout_names())} or a .toml file"
    )
    derive: bool = Field(
        default=False, description="take joints that NTU does not have from others, where the layout has them"
    )

    def cli_cmd(self) -> None:
        """Prepare the store."""
        from skeleton_data.ntu.preparation import prepare

        done = prepare(
            self.raw,
            self.store,
            cleaning=self.cleaning,
            up=self.up,
            layout_name=self.layout,
            derive=self.derive,
            **self.chosen(),
            progress=True,
        )
        print(f"{self.store}: {done.clips} clips")
        if done.resumed:
            print(f"of them taken over from a preparation that was cut off: those of {done.resumed} files")
        for joint, sources in done.derived_joints.items():
            print(f"derived: {joint} from {', '.join(sources)}")
        if done.left_out:
            print(f"left out, as NTU's authors list them as without usable skeleton: {done.left_out}")
        self.tell_skipped(self.store, done.problems)
