"""What the commands that write a store have in common: options, and what they say about what was skipped."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class StoreOptions(BaseModel):
    """Options of a command that writes a store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(
        default=0,
        ge=0,
        description=(
            "Number of processes, from 0, that read files, where each clip is a file; 0: one for each core."
        ),
    )
    on_error: Literal["stop", "skip"] = Field(
        default="stop",
        description="Whether a clip that cannot be used stops the command, or is skipped and reported.",
    )
    report: Path | None = Field(
        default=None,
        description="File that lists the skipped clips; without it STORE.skipped.txt, if there are any.",
    )
    overwrite: bool = Field(default=False, description="Whether to replace a store that is already there.")

    def chosen(self) -> dict[str, Any]:
        """Return these options as arguments."""
        return {field: getattr(self, field) for field in StoreOptions.model_fields}

    def tell_skipped(self, store: Path, problems: Sequence[str]) -> None:
        """Say how many clips were skipped, if any, and where they are listed."""
        if problems:
            report = self.report or f"{store}.skipped.txt"
            print(f"skipped: {len(problems)}, listed in {report}", file=sys.stderr)
