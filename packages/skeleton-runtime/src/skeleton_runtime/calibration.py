"""How scores of a classifier become probabilities, and when an answer is given: a file beside its weights."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skeleton_data import DataError, first_mistake

MAX_BYTES = 2**16
"""Bytes of the largest file that is read."""


class Calibration(BaseModel):
    """What divides the scores of a classifier, chosen on clips that it was not trained on.

    Where there was no such clip, no file is written, and scores count as they are.

    Example:
        >>> Calibration.parse(Calibration(temperature=2).model_dump_json(), "model.onnx").temperature
        2.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    FILE: ClassVar = "calibration.json"

    temperature: float = Field(
        1.0, gt=0, allow_inf_nan=False, description="Probabilities are the softmax of scores divided by it."
    )
    threshold: float | None = Field(
        None, ge=0, le=1, description="Probability of the best class below which the answer is 'unknown'."
    )
    clips: int = Field(0, ge=0, description="Held-out clips that it was chosen on.")

    def save(self, folder: Path) -> None:
        """Write it beside the weights."""
        (folder / self.FILE).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it from beside the weights; without a file, scores count as they are.

        Raises:
            DataError: If it is damaged; names file and field.
        """
        path = folder / cls.FILE
        if not path.exists():
            return cls()
        try:
            if (size := path.stat().st_size) > MAX_BYTES:
                raise DataError.at(path, f"it has {size:,} bytes; at most {MAX_BYTES:,} are read")
            return cls.parse(path.read_bytes(), path)
        except OSError as error:
            raise DataError.at(path, error.strerror or str(error)) from error

    @classmethod
    def parse(cls, text: str | bytes, source: str | Path) -> Self:
        """Read it from JSON.

        Raises:
            DataError: If it is damaged; names the source and the field.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise first_mistake(error, source, cls) from error
