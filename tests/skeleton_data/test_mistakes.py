"""What pydantic finds wrong is said in our words: field, value and range; options are spelt."""

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from skeleton_data import DataError, ImportConfig, first_mistake, layout, spell_options
from skeleton_data.importing.report import check_plausible

PYDANTIC = ("Input", "should", "Value error", "String", "pattern", "valid", "permitted", "required", "parse")


class Part(BaseModel):
    depth: int = Field(1, gt=0)


class Card(BaseModel):
    model_config = ConfigDict(extra="forbid")

    top: int = Field(5, ge=1, le=100)
    rate: Annotated[float, Field(gt=0)] | Literal["auto"] = "auto"
    fraction: float | None = Field(None, gt=0, le=1)
    kind: Literal["wave", "clap"] = "wave"
    gap: str = Field("1s", pattern=r"^\d+s$", examples=["2s"])
    code: str = Field("ab", pattern="^[a-z]+$", min_length=2, max_length=3)
    on: bool = True
    size: tuple[int, int] = (1, 2)
    names: dict[str, int] = {}
    file: Path = Path()
    part: Part = Part()
    odd: int = 3

    @field_validator("odd")
    @classmethod
    def _is_odd(cls, odd: int) -> int:
        if odd % 2 == 0:
            raise ValueError("expected an odd number")
        return odd

    @model_validator(mode="after")
    def _fits(self) -> "Card":
        if self.on and self.kind == "clap":
            raise ValueError("on and clap do not go together")
        return self


@pytest.mark.parametrize(
    ("given", "field", "want", "value"),
    [
        ({"top": 0}, "top", "1 to 100", "0"),
        ({"top": "many"}, "top", "a whole number, 1 to 100", "'many'"),
        ({"top": 1.5}, "top", "a whole number, 1 to 100", "1.5"),
        ({"rate": -1}, "rate", "above 0", "-1"),
        ({"fraction": 0}, "fraction", "above 0, at most 1", "0"),
        ({"fraction": float("nan")}, "fraction", "above 0, at most 1", "nan"),
        ({"kind": "jump"}, "kind", "'wave' or 'clap'", "'jump'"),
        ({"gap": "soon"}, "gap", "a form such as 2s", "'soon'"),
        ({"code": "a"}, "code", "at least 2 characters", "'a'"),
        ({"code": "abcd"}, "code", "at most 3 characters", "'abcd'"),
        ({"code": "A1"}, "code", "a form such as ^[a-z]+$", "'A1'"),
        ({"on": "maybe"}, "on", "true or false", "'maybe'"),
        ({"size": (1, 2, 3)}, "size", "at most 2 items", "(1, 2, 3)"),
        ({"size": 7}, "size", "a list", "7"),
        ({"names": []}, "names", "a table of fields", "[]"),
        ({"file": 3}, "file", "a path", "3"),
        ({"part": {"depth": 0}}, "part.depth", "at least 1", "0"),
        ({"odd": 4}, "odd", "an odd number", "4"),
        ({"size": (1,)}, "size.1", None, None),
        ({"colour": "red"}, "colour", None, None),
        ({"kind": "clap"}, None, None, None),
    ],
)
def test_a_mistake_has_its_facts(given: dict[str, Any], field: str, want: str, value: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Card(**given)
    error = first_mistake(wrong.value, "card.json", Card)
    assert (error.path, error.field, error.expected, error.found) == ("card.json", field, want, value)
    assert str(error).startswith(": ".join(["card.json", *([field] if field else [])]))
    assert not any(word in str(error) for word in PYDANTIC)


def test_where_kinds_differ_in_the_range_only_the_bound_is_said() -> None:
    class Other(Part):
        depth: int = Field(1, gt=0, le=9)

    class Two(BaseModel):
        part: Part | Other

    with pytest.raises(ValidationError) as wrong:
        Two(part={"depth": 0})
    assert first_mistake(wrong.value, model=Two).expected == "above 0"


def test_an_option_is_spelt_as_by_who_reads_it() -> None:
    with pytest.raises(DataError) as refused:
        ImportConfig(min_confidence=0.5).refuse_but(set(), "walk.csv", "a walk")
    assert "--" not in str(refused.value)
    assert "--min-confidence" in spell_options(str(refused.value))
    assert "--min_confidence" in spell_options(str(refused.value), space="_")
    ntu = layout("ntu")
    with pytest.raises(DataError) as implausible:
        check_plausible(1000 * np.eye(25, 3)[None, None], ntu, "it")
    assert "--" not in str(implausible.value) and "--units" in spell_options(str(implausible.value))
