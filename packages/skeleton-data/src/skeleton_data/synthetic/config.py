"""What to generate."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from skeleton_data.synthetic.catalogue import NAMES

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class SyntheticConfig(BaseModel):
    """Synthetic actions: how many of what, and how well the sensor sees.

    Example:
        >>> config = SyntheticConfig(classes=3, subjects=4)
        >>> config.class_names, config.clips
        (('wave', 'salute', 'sit_down'), 72)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: int | tuple[str, ...] = Field(
        default=12, description=f"Number of action classes, 1 to 21, or their names, from: {' '.join(NAMES)}."
    )
    subjects: int = Field(
        default=16,
        ge=2,
        le=40,
        description=(
            "Number of performers, 2 to 40; half are training subjects of the NTU-60 cross-subject protocol."
        ),
    )
    views: int = Field(
        default=3,
        ge=1,
        le=3,
        description=(
            "Number of cameras that see each performance, 1 to 3: C001 in front, then 45 "
            "degrees to either side."
        ),
    )
    repeats: int = Field(
        default=2,
        ge=1,
        le=999,
        description="Number of performances of each class by each performer, 1 to 999.",
    )
    frames: tuple[int, int] = Field(
        default=(40, 90),
        description="Fewest and most frames of a clip, from 32 to 600, at 30 frames per second, as 40,90.",
    )
    noise: float = Field(
        default=1.0,
        ge=0.0,
        le=10.0,
        description="Factor on the sensor's noise and the number of lost joints, 0 to 10; 0 turns both off.",
    )
    ghosts: Fraction = Field(
        default=0.06,
        description="Fraction of the clips, 0 to 1, that show an additional body that does not exist.",
    )
    switches: Fraction = Field(
        default=0.04,
        description="Fraction of the clips, 0 to 1, in which a person gets a new tracking id in the middle.",
    )
    late: Fraction = Field(
        default=0.08, description="Fraction of the clips, 0 to 1, whose first frames hold no body."
    )
    seed: int = Field(default=0, ge=0, description="Random seed of everything, from 0.")

    @field_validator("classes", mode="before")
    @classmethod
    def _read_count(cls, value: object) -> object:
        """Read a count, which arrives from a command line as a list of one word."""
        match value:
            case [str(word)] if word.isdecimal():
                return int(word)
        return value

    @model_validator(mode="after")
    def _check(self) -> Self:
        if isinstance(self.classes, int):
            if not 1 <= self.classes <= len(NAMES):
                raise ValueError(f"classes must be 1 to {len(NAMES)}, got {self.classes}")
        else:
            unknown = [name for name in self.classes if name not in NAMES]
            if unknown or not self.classes or len(set(self.classes)) < len(self.classes):
                found = ", ".join(self.classes)
                raise ValueError(f"classes must be different names from {', '.join(NAMES)}; got {found!r}")
        low, high = self.frames
        if not 32 <= low <= high <= 600:
            raise ValueError(f"frames must be two increasing numbers from 32 to 600, got {low} and {high}")
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in the order of their labels."""
        return NAMES[: self.classes] if isinstance(self.classes, int) else self.classes

    @property
    def clips(self) -> int:
        """Number of clips."""
        return len(self.class_names) * self.subjects * self.views * self.repeats
