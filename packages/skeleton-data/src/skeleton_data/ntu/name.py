"""File names of NTU RGB+D, which say who did what before which camera."""

from __future__ import annotations

import re
from dataclasses import dataclass

from skeleton_data.errors import DataError

_NAME = re.compile(r"S([0-9]{3})C([0-9]{3})P([0-9]{3})R([0-9]{3})A([0-9]{3})")


@dataclass(frozen=True, order=True)
class NtuName:
    """The name of a clip, `SsssCcccPpppRrrrAaaa`; all numbers count from 1.

    Attributes:
        setup: Setup of the cameras.
        camera: Camera, 1 to 3.
        performer: Subject.
        replication: First or second performance.
        action: Class; `label` is the same from 0.

    Example:
        >>> name = NtuName.parse("S001C002P003R001A050")
        >>> name.performer, name.label, str(name)
        (3, 49, 'S001C002P003R001A050')
    """

    setup: int
    camera: int
    performer: int
    replication: int
    action: int

    @classmethod
    def parse(cls, name: str) -> NtuName:
        """Read a name.

        Raises:
            DataError: The name has another form or a number that is 0.
        """
        found = _NAME.fullmatch(name)
        numbers = [int(number) for number in found.groups()] if found else []
        if not numbers or 0 in numbers:
            raise DataError(f"{name!r} is not a name like S001C002P003R001A050")
        return cls(*numbers)

    @property
    def label(self) -> int:
        """Class from 0."""
        return self.action - 1

    @property
    def facts(self) -> dict[str, int]:
        """The columns of a store's index but for the label."""
        return {
            "subject": self.performer,
            "camera": self.camera,
            "setup": self.setup,
            "replication": self.replication,
        }

    def __str__(self) -> str:
        """Return the name as it stands in a file name."""
        return f"S{self.setup:03}C{self.camera:03}P{self.performer:03}R{self.replication:03}A{self.action:03}"
