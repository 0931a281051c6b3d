"""`skeleton-data synth`: synthetic actions as raw recordings."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from skeleton_data.synthetic.config import SyntheticConfig


class SynthCommand(SyntheticConfig):
    """Write synthetic actions as raw recordings in the format of NTU RGB+D, for `skeleton-data prepare`.

    People differ in body, handedness, speed and style; three cameras see them; joints are noisy and get lost,
    ghosts appear, tracking ids change. The same options give the same files.
    """

    folder: CliPositionalArg[Path] = Field(description="new or empty folder for the .skeleton files")

    def cli_cmd(self) -> None:
        """Write the recordings."""
        from skeleton_data.synthetic.files import write_synthetic

        config = SyntheticConfig(**{field: getattr(self, field) for field in SyntheticConfig.model_fields})
        clips = write_synthetic(config, self.folder, progress=True)
        print(f"{self.folder}: {clips} recordings of {len(config.class_names)} classes")
