"""How scores of a classifier become probabilities: a file beside its weights, `calibration.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skeleton_lab.errors import InputError
from skeleton_lab.recipe.text_files import read_json

FILE = "calibration.json"


class Calibration(BaseModel):
    """What divides the scores of a classifier, chosen on clips that it was not trained on.

    Where there was no such clip, no file is written, and scores count as they are.

    Example:
        >>> Calibration().temperature
        1.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(
        1.0, gt=0, allow_inf_nan=False, description="Probabilities are the softmax of scores divided by it."
    )
    threshold: float | None = Field(
        None, ge=0, le=1, description="Probability of the best class below which the answer is 'unknown'."
    )
    clips: int = Field(0, ge=0, description="Held-out clips that it was chosen on.")

    def save(self, folder: Path) -> None:
        """Write it beside the weights."""
        (folder / FILE).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it from beside the weights; without a file, scores count as they are.

        Raises:
            InputError: If it is damaged; names file and field.
        """
        if not (folder / FILE).exists():
            return cls()
        try:
            return cls.model_validate(read_json(folder / FILE))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "the file"
            raise InputError(f"{folder / FILE}: {field}: {first['msg']}") from error
