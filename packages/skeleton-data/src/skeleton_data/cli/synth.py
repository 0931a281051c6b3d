"""`skeleton-data synth`: synthetic actions as raw recordings."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from skeleton_data.synthetic.config import SyntheticConfig


class SynthCommand(SyntheticConfig):
    """Write synthetic actions as raw recordings in the format of NTU RGB+D, for `skeleton-data prepare`.

    Performers differ in body, handedness, speed and style, and up to three cameras record them. As with a
    real sensor, joints are noisy or lost, false bodies appear, and tracking ids change. The same options give
    the same files.
    """

    folder: CliPositionalArg[Path] = Field(description="New or empty folder for the .skeleton files.")

    def cli_cmd(self) -> None:
        """Write the recordings."""
        from skeleton_data.synthetic.files import write_synthetic

        config = SyntheticConfig(**{field: getattr(self, field) for field in SyntheticConfig.model_fields})
        clips = write_synthetic(config, self.folder, progress=True)
        print(f"{self.folder}: {clips} recordings of {len(config.class_names)} classes")
