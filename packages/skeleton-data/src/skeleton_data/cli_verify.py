"""``skeleton-data verify``: is everything whole?"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import CliPositionalArg


class VerifyCommand(BaseModel):
    """Check a store, or every raw recording in a folder.

    Of a store, the checksums of all files are compared. Raw recordings are all read and cleaned; each that
    cannot be used is listed with the line and what was expected there. Exit code 1 if anything is wrong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: CliPositionalArg[Path] = Field(description="folder of a store, or with .skeleton files")
    workers: int = Field(default=0, ge=0, description="processes; 0: one for each core")

    def cli_cmd(self) -> None:
        """Checks what is there."""
        from skeleton_data.store_files import META

        bad = self._verify_store() if (self.path / META).exists() else self._verify_raw()
        if bad:
            sys.exit(1)

    def _verify_store(self) -> bool:
        from skeleton_data.errors import DataError
        from skeleton_data.store import SkeletonStore

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

        from skeleton_data.raw_folder import RawFolder

        folder = RawFolder.find(self.path)
        bad = 0
        for recording in folder.recordings(workers=self.workers, progress=True):
            if recording.problem:
                bad += 1
                tqdm.write(recording.problem)
        if folder.left_out:
            print(f"not read, as NTU's authors list them as without usable skeleton: {folder.left_out}")
        print(f"{self.path}: {len(folder.files) - bad} of {len(folder.files)} recordings can be used")
        return bad > 0
