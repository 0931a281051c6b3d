"""`skeleton-data import`: a data set in any format but raw NTU to a store."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from skeleton_data.cli.report import tell_report
from skeleton_data.cli.store_options import StoreOptions
from skeleton_data.readers.config import ImportConfig


class ImportCommand(StoreOptions, ImportConfig):
    """Turn your own data, or a data set in a common format, into a store.

    own        an .npz with positions_m or positions_mm, of the shape (sum of frames, joints, 3) or (sum of
               frames, bodies, joints, 3), y up; offsets (clip i is frames offsets[i] to offsets[i + 1]);
               and as far as known fps, joint_names, clip_names, class_names and columns with one entry for
               each clip; or an .npy with a CSV table of clips (--clips)
    ctr-gcn    an .npz with x_train, y_train, x_test, y_test
    pyskl      a .pkl, which is read without running code
    st-gcn     an .npy (clips, 3, frames, joints, bodies), beside it the labels in a .pkl
    nw-ucla    a folder of .json files
    kinetics   a folder of .json files
    pku-mmd    a folder of .txt files, with --labels
    ut-kinect  a folder of joints_s01_e01.txt, with actionLabel.txt
    bvh        a file or folder, with --units and --layout
    store      a store, for another layout, or a folder of stores, which become one
    huggingface  what skeleton-data export --to huggingface wrote, as a folder or as .parquet

    Formats with one file for each clip; name a file or a folder of them. Labels are in a CSV table (--labels)
    or in the file names (--name):

    mediapipe, azure, alphapose, mmpose (.json), openpose (a folder), c3d, trc, table (.csv, .parquet), array
    (.npy), txt2npy, deeplabcut (.csv, .h5), sleap (.slp, .h5), movement (.nc), pose

    A table (--cut) cuts recordings of several actions into clips: a line for each clip, with file, start and
    end in seconds, or first_frame and last_frame.

    The format is recognised by the content of the files, unless --format names it. Joints are found by name
    in any spelling (ElbowLeft is left_elbow); joints that the layout does not have are left out.
    """

    source: CliPositionalArg[Path] = Field(description="The file or folder to import.")
    store: CliPositionalArg[Path] = Field(description="Folder of the new store.")

    def cli_cmd(self) -> None:
        """Import the data."""
        from skeleton_data.importing.importer import import_clips

        config = ImportConfig(**{field: getattr(self, field) for field in ImportConfig.model_fields})
        done = import_clips(self.source, self.store, config, **self.chosen(), progress=True)
        print(f"{self.store}: {done.clips} clips")
        if done.left_out:
            print(f"left out, as the data set lists them as without a skeleton: {done.left_out}")
        tell_report(done)
        self.tell_skipped(self.store, done.problems)
