"""`skeleton-data import`: a data set in any format but raw NTU to a store."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from skeleton_data.cli.report import tell_report
from skeleton_data.cli.store_options import StoreOptions
from skeleton_data.readers.config import ImportConfig


class ImportCommand(StoreOptions, ImportConfig):
    """Store a data set: own data, or one in a format in which skeletons are handed on.

    own        an .npz with positions_m or positions_mm, of the shape (sum of frames, joints, 3) or (sum of
               frames, bodies, joints, 3), y up; offsets (clip i is frames offsets[i] to offsets[i + 1]);
               and as far as known fps, joint_names, clip_names, class_names and columns with one entry for
               each clip. Or an .npy with a CSV table of clips
    ctr-gcn    an .npz with x_train, y_train, x_test, y_test
    pyskl      a .pkl, of which nothing is run
    st-gcn     an .npy (clips, 3, frames, joints, bodies), beside it the labels in a .pkl
    nw-ucla    a folder of .json files
    kinetics   a folder of .json files
    pku-mmd    a folder of .txt files, with --labels
    ut-kinect  a folder of joints_s01_e01.txt, with actionLabel.txt
    bvh        a file or folder, with --units and --layout
    store      a store, for another layout
    huggingface  what skeleton-data export --to huggingface wrote, as a folder or as .parquet

    Of a file a clip, or a folder of them, with labels in a CSV table (--labels) or in their names (--name):

    mediapipe, azure, alphapose, mmpose (.json), openpose (a folder), c3d, trc, table (.csv, .parquet), array
    (.npy), txt2npy, deeplabcut (.csv, .h5), sleap (.slp, .h5), movement (.nc), pose

    The format is found by the content of the files, if not said. Joints are found by name, however spelled
    (ElbowLeft is left_elbow); those that the layout does not have are left out.
    """

    source: CliPositionalArg[Path] = Field(description="the file or folder")
    store: CliPositionalArg[Path] = Field(description="folder of the new store")

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
