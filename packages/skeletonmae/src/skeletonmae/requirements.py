"""What an object or a class of your own lacks of a protocol, said before it is used."""

import inspect
from typing import Any


class PartError(ValueError):
    """A part of a model, such as its mask, cannot be used.

    Attributes:
        part: The part's name, or a field of it: `mask`, `mask.kind`.
        problem: What is wrong with it.

    Example:
        >>> str(PartError("mask.kind", "there is no class my_module:Mask"))
        'mask.kind: there is no class my_module:Mask'
    """

    def __init__(self, part: str, problem: str) -> None:
        super().__init__(part, problem)
        self.part = part
        self.problem = problem

    def __str__(self) -> str:
        """Return the part and its problem."""
        return f"{self.part}: {self.problem}"


def require(given: object, protocol: type, *, field: str) -> None:
    """Refuse an object that does not satisfy a protocol, before it is used.

    Raises:
        PartError: Naming the object's class and everything that it lacks, or that takes other arguments.
    """
    lacking = [name for name in _members(protocol) if not _has(given, name, vars(protocol)[name])]
    if lacking:
        raise PartError(field, _lacks(type(given).__name__, lacking, protocol))


def lacking_methods(made: object, protocol: type) -> str | None:
    """Say which methods of a protocol a class does not have; None if it has all, or is no class.

    Attributes are not looked for: the constructor may set them.
    """
    if not isinstance(made, type):
        return None
    lacking = [
        name
        for name in _members(protocol)
        if not isinstance(vars(protocol)[name], property)
        and not any(name in vars(base) for base in made.__mro__)
    ]
    return _lacks(made.__name__, lacking, protocol) if lacking else None


def _members(protocol: type) -> list[str]:
    """Return the names that a protocol lists, those of Python's own methods included."""
    special = {"__call__", "__len__", "__getitem__"}
    return sorted(name for name in vars(protocol) if name in special or not name.startswith("_"))


def _lacks(name: str, lacking: list[str], protocol: type) -> str:
    named = ", ".join(each + _arguments(vars(protocol)[each]) for each in lacking)
    package = protocol.__module__.partition(".")[0]
    return f"{name} lacks {named}; see {package}.{protocol.__name__}"


def _has(given: object, name: str, wanted: object) -> bool:
    """Return whether an object has an attribute, or a method that can be called with the wanted arguments."""
    if not hasattr(given, name) or isinstance(wanted, property):
        return hasattr(given, name)
    method: Any = given if name == "__call__" else getattr(given, name)
    if not callable(method):
        return False
    try:
        inspect.signature(method).bind(*_names(wanted))
    except TypeError:
        return False
    except ValueError:  # built-in code that does not tell its signature
        return True
    return True


def _names(method: Any) -> list[str]:
    return list(inspect.signature(method).parameters)[1:]


def _arguments(member: object) -> str:
    return "" if isinstance(member, property) else f"({', '.join(_names(member))})"
