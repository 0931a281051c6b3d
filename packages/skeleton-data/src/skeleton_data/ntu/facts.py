"""What is known about NTU RGB+D: the names of its classes, and which samples have no usable skeleton."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def ntu_class_names() -> tuple[str, ...]:
    """Return the 120 class names in the order of their labels; the first 60 are those of NTU RGB+D 60.

    As the authors list them (https://github.com/shahroudy/NTURGB-D), some shortened.

    Example:
        >>> names = ntu_class_names()
        >>> len(names), names[0], names[49], names[119]
        (120, 'drink water', 'punching/slapping other person', 'playing rock-paper-scissors')
    """
    return tuple(_lines("class_names.txt"))


@cache
def samples_without_skeleton() -> frozenset[str]:
    """Return the samples without usable skeleton, as the authors list them; every protocol leaves them out.

    Of these 535, 302 belong to NTU RGB+D 60.

    Example:
        >>> names = samples_without_skeleton()
        >>> len(names), sum(name[1:4] <= "017" for name in names)
        (535, 302)
    """
    return frozenset(_lines("samples_without_skeleton.txt"))


def _lines(file: str) -> list[str]:
    return (files("skeleton_data.ntu") / file).read_text(encoding="ascii").splitlines()
