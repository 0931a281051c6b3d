"""Ways to damage a file of a data set."""

from collections.abc import Callable
from pathlib import Path

from refusal import refusal
from sample_sets import KINDS, bring_in

Fault = Callable[[Path], None]


def text(name: str, change: Callable[[str], str | bytes]) -> Fault:
    """A fault in the text of a file below the folder."""

    def apply(folder: Path) -> None:
        path = folder / name
        changed = change(path.read_text())
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())

    return apply


def swap(name: str, old: str, new: str) -> Fault:
    def change(content: str) -> str:
        assert old in content
        return content.replace(old, new, 1)

    return text(name, change)


def content(name: str, data: bytes) -> Fault:
    return lambda folder: ((folder / name).write_bytes(data) and None) or None


def cut(name: str, share: float = 0.5) -> Fault:
    def apply(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * share)])

    return apply


def rename(old: str, new: str) -> Fault:
    return lambda folder: ((folder / old).rename(folder / new) and None) or None


def refuses(name: str, fault: Fault, message: str, folder: Path) -> None:
    """A data set with the fault is refused in one line that begins with the file, and nothing is written."""
    source = KINDS[name].write(folder)
    fault(folder)
    with refusal(message) as error:
        bring_in(name, folder, source, format=name)
    assert str(error.value).startswith(str(folder))
    assert "\n" not in str(error.value)
    assert not (folder / "s").exists() and not list(folder.glob(".s*"))
