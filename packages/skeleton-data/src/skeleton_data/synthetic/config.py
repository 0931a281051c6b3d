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
        default=12, description=f"how many action classes, or their names, from: {' '.join(NAMES)}"
    )
    subjects: int = Field(
        default=16,
        ge=2,
        le=40,
        description="performers; half are training subjects of the NTU-60 cross-subject protocol",
    )
    views: int = Field(
        default=3,
        ge=1,
        le=3,
        description="cameras that see each performance: C001 front, then 45 degrees on either side",
    )
    repeats: int = Field(default=2, ge=1, le=999, description="performances of each class by each performer")
    frames: tuple[int, int] = Field(
        default=(40, 90), description="fewest and most frames of a clip, at 30 a second"
    )
    noise: float = Field(
        default=1.0, ge=0.0, le=10.0, description="factor on joint noise and lost joints; 0 turns them off"
    )
    ghosts: Fraction = Field(default=0.06, description="share of clips with a body that is not there")
    switches: Fraction = Field(
        default=0.04, description="share of clips in which a person gets a new tracking id on the way"
    )
    late: Fraction = Field(default=0.08, description="share of clips whose first frames hold no body")
    seed: int = Field(default=0, ge=0, description="everything follows from it")

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
