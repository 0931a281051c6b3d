"""What the pages of a Parquet file grow to, read from their heads, before a library reads the file.

The library aborts the process at some damaged footers when it is asked for the sizes of columns, and the
footer may say less than the pages hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MAGIC = b"PAR1"
MAX_FOOTER = 64 * 2**20
HEAD = 2**16
"""Bytes of a head of a page that are read at once; statistics in it may make it longer."""
MAX_HEAD = 2**24
MAX_DEPTH = 32

# Numbers of the fields in Parquet's definition in Thrift.
_GROUPS, _COLUMNS, _ABOUT = 4, 1, 3
_BYTES, _FIRST, _DICTIONARY = 7, 9, 11
_GROWN, _PACKED, _HEADS = 2, 3, (5, 7, 8)


def memory_of_groups(path: Path) -> list[int]:
    """Return for each group of rows the bytes that its columns take: 16 for a value, and those of its pages.

    Raises:
        ValueError: The file is damaged. Call it within `reading`.
    """
    with path.open("rb") as file:
        return [sum(_memory(file, start, end) for start, end in group) for group in _footer(file)]


def _footer(file: IO[bytes]) -> list[list[tuple[int, int]]]:
    """Return where the pages of each column begin and end, for each group of rows."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 8))
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if size < 12 or tail[4:] != MAGIC or length > min(size - 12, MAX_FOOTER):
        raise ValueError("its footer is damaged")
    file.seek(size - 8 - length)
    reader = Compact(file.read(length))
    groups: list[list[tuple[int, int]]] = []
    for number, kind in reader.fields():
        if number == _GROUPS and kind == LIST:
            groups += [_columns(reader) for _ in reader.items(STRUCT)]
        else:
            reader.skip(kind)
    for start, end in (column for group in groups for column in group):
        if not 0 <= start <= end <= size:
            raise ValueError("its footer names pages that are not in it")
    return groups


def _columns(reader: Compact) -> list[tuple[int, int]]:
    columns: list[tuple[int, int]] = []
    for number, kind in reader.fields():
        if number == _COLUMNS and kind == LIST:
            columns += [_pages(reader) for _ in reader.items(STRUCT)]
        else:
            reader.skip(kind)
    return columns


def _pages(reader: Compact) -> tuple[int, int]:
    found: dict[int, int] = {}
    for number, kind in reader.fields():
        if number == _ABOUT and kind == STRUCT:
            found |= reader.numbers()
        else:
            reader.skip(kind)
    if _FIRST not in found or _BYTES not in found:
        raise ValueError("its footer says of a column not where its pages are")
    start = min(found[_FIRST], found.get(_DICTIONARY) or found[_FIRST])
    return start, start + found[_BYTES]


def _memory(file: IO[bytes], start: int, end: int) -> int:
    memory = 0
    while start < end:
        head, length = _head(file, start, end)
        if head.get(_PACKED, -1) < 0:
            raise ValueError(f"the head of the page at byte {start} is damaged")
        memory += max(0, head.get(_GROWN, 0)) + 16 * max(0, head.get(0, 0))
        start += length + head[_PACKED]
    return memory


def _head(file: IO[bytes], start: int, end: int) -> tuple[dict[int, int], int]:
    """Return the numbers in the head of a page, with those of its values at 0, and its length."""
    much = HEAD
    while True:
        file.seek(start)
        reader = Compact(file.read(min(much, end - start)))
        found: dict[int, int] = {}
        try:
            for number, kind in reader.fields():
                if number in _HEADS and kind == STRUCT:
                    found[0] = reader.numbers().get(1, 0)
                elif kind in INTEGERS:
                    found[number] = reader.integer()
                else:
                    reader.skip(kind)
            return found, reader.at
        except EOFError:
            if much >= min(end - start, MAX_HEAD):
                raise ValueError(f"the head of the page at byte {start} is cut") from None
            much *= 16


BOOLEANS, BYTE, INTEGERS, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = (1, 2), 3, (4, 5, 6), 7, 8, 9, 10, 11, 12


@dataclass
class Compact:
    """Reads what Thrift's compact protocol wrote, as far as it is wanted, and passes over the rest.

    Attributes:
        data: The bytes.
        at: The next one.

    Example:
        >>> Compact(bytes([0x15, 0x08, 0x16, 0x03, 0x00])).numbers()  # fields 1 and 2, 4 and -2
        {1: 4, 2: -2}
    """

    data: bytes
    at: int = 0

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield number and type of each field of a structure; the caller reads or skips its value.

        Raises:
            EOFError: The bytes end before, here and in all that reads.
        """
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            yield number, head & 15

    def items(self, kind: int) -> range:
        """Return a range over the items of a list.

        Raises:
            ValueError: They are of another type.
        """
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        if head & 15 != kind and count:
            raise ValueError("its footer is damaged")
        return range(self._fitting(count))

    def numbers(self) -> dict[int, int]:
        """Return the integers of a structure by the numbers of their fields."""
        found = {}
        for number, kind in self.fields():
            if kind in INTEGERS:
                found[number] = self.integer()
            else:
                self.skip(kind)
        return found

    def integer(self) -> int:
        """Return a number with its sign."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def skip(self, kind: int, depth: int = 0, *, inside: bool = False) -> None:
        """Pass over a value; booleans take a byte inside a list alone.

        Raises:
            ValueError: There is no such type, or it is nested too deep.
        """
        if depth > MAX_DEPTH:
            raise ValueError("its footer is damaged")
        if kind in BOOLEANS or kind == BYTE:
            self._pass(int(inside or kind == BYTE))
        elif kind in INTEGERS:
            self._varint()
        elif kind == DOUBLE:
            self._pass(8)
        elif kind == BINARY:
            self._pass(self._varint())
        elif kind in (LIST, SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            for _ in range(self._fitting(count)):
                self.skip(head & 15, depth + 1, inside=True)
        elif kind == MAP:
            count = self._varint()
            kinds = self._byte() if count else 0
            for _ in range(self._fitting(count)):
                self.skip(kinds >> 4, depth + 1, inside=True)
                self.skip(kinds & 15, depth + 1, inside=True)
        elif kind == STRUCT:
            for _, each in self.fields():
                self.skip(each, depth + 1)
        else:
            raise ValueError(f"there is no type {kind} in Thrift's compact protocol")

    def _fitting(self, count: int) -> int:
        if count > len(self.data) - self.at:
            raise EOFError("it ends too early")
        return count

    def _byte(self) -> int:
        self._pass(1)
        return self.data[self.at - 1]

    def _pass(self, count: int) -> None:
        self.at += self._fitting(count)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            if (shift := shift + 7) > 63:
                raise ValueError("a number of more than 64 bits")
