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

    RAW is a folder with .skeleton files, at any depth, or with the official .zip files, which are not
    unpacked; or it is one .zip file. Each recording is cleaned as in published results, or as --cleaning
    says: bodies that are not people are removed, at most two remain, and the origin moves to the middle of
    the spine in the first frame. The samples that NTU's authors list as without usable skeleton are left out.
    A folder with a class_names.txt, one name a line, is taken for another data set in the same format, such
    as that of `skeleton-data synth`.

    If the command is killed, the old store remains, or none; run it again, and it continues where it stopped.
    """

    raw: CliPositionalArg[Path] = Field(description="Folder with .skeleton or .zip files, or a .zip file.")
    store: CliPositionalArg[Path] = Field(description="Folder of the new store.")
    cleaning: Cleaning = Field(
        default="reference",
        description=(
            "Rules of cleaning; reference: those of published results; true_frames: the same "
            "people, but gaps in the tracking stay gaps; contrast: those of CrosSCLR and "
            "AimCLR, 50 frames, shoulders aligned."
        ),
    )
    up: Up = Field(default="y", description="Axis of the recordings that points up; -y where y points down.")
    layout: str = Field(
        default="ntu", description=f"Layout of the store: {', '.join(layout_names())} or a .toml file."
    )
    derive: bool = Field(
        default=False,
        description=(
            "Whether to compute joints of the layout that NTU lacks from others, such as the "
            "middle of the hips."
        ),
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
