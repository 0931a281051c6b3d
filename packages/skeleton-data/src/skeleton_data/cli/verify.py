"""`skeleton-data verify`: is everything whole?"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from skeleton_data.cli.report import tell_report
from skeleton_data.readers.config import ImportConfig


class VerifyCommand(ImportConfig):
    """Check a store, every raw recording in a folder or zip file, or every clip of a data set to import.

    For a store, the checksums of all files are compared. Raw recordings are read and cleaned; other data is
    read as `skeleton-data import` would read it, with the same options. Each clip that cannot be used is
    listed with the place of the fault and what was expected there. The exit code is 1 if anything is wrong.
    """

    path: CliPositionalArg[Path] = Field(
        description="A store, a folder or .zip file with raw .skeleton files, or anything that import reads."
    )
    workers: int = Field(default=0, ge=0, description="Number of processes, from 0; 0: one for each core.")

    def cli_cmd(self) -> None:
        """Check what is there."""
        from skeleton_data.readers.formats import is_raw
        from skeleton_data.store.files import META

        if (self.path / META).exists():
            bad = self._verify_store()
        elif self.format == "auto" and is_raw(self.path):
            bad = self._verify_raw()
        else:
            bad = self._verify_clips()
        if bad:
            sys.exit(1)

    def _verify_store(self) -> bool:
        from skeleton_data.errors import DataError
        from skeleton_data.store.store import SkeletonStore

        try:
            store = SkeletonStore.open(self.path)
            store.verify()
        except DataError as error:
            print(error)
            return True
        print(f"{self.path}: {len(store)} clips, all checksums right")
        return False

    def _verify_raw(self) -> bool:
        from tqdm import tqdm

        from skeleton_data.ntu.raw_folder import RawFolder

        folder = RawFolder.find(self.path)
        bad, up = 0, "y" if self.up == "auto" else self.up
        for recording in folder.recordings(up=up, workers=self.workers, progress=True):
            if recording.problem:
                bad += 1
                tqdm.write(recording.problem)
        if folder.left_out:
            print(f"not read, as NTU's authors list them as without usable skeleton: {folder.left_out}")
        print(f"{self.path}: {len(folder.files) - bad} of {len(folder.files)} recordings can be used")
        return bad > 0

    def _verify_clips(self) -> bool:
        from skeleton_data.importing.importer import verify_clips

        config = ImportConfig(**{field: getattr(self, field) for field in ImportConfig.model_fields})
        done = verify_clips(self.path, config, workers=self.workers, progress=True)
        for problem in done.problems:
            print(problem)
        if done.left_out:
            print(f"not read, as the data set lists them as without a skeleton: {done.left_out}")
        print(f"{self.path}: {done.clips} clips can be used, {len(done.problems)} cannot")
        tell_report(done)
        return bool(done.problems)
