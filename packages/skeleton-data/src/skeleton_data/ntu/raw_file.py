"""A raw recording where it lies: a file of its own, or an entry of a zip file, which is not unpacked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from skeleton_data.errors import DataError

MAX_BYTES = 256 * 2**20  # hundreds of times a usual recording
MAX_INFLATED = 64
"""Times that a larger entry of a zip file may grow: text of numbers grows four to eight times."""
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class RawFile:
    """A recording: a file, or an entry of a zip file.

    Attributes:
        path: The file, or the zip file.
        entry: Name of the entry, empty for a file.
        size: Bytes, uncompressed.
        stamp: Changes when the content does: time of change of a file, checksum of an entry.
        start: Where the entry begins.
        compressed: Bytes of the entry in the zip file.
        method: How the entry is compressed, as zip files number it.
        flags: Of the entry.
    """

    path: Path
    entry: str
    size: int
    stamp: int
    start: int = 0
    compressed: int = 0
    method: int = 0
    flags: int = 0

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return a file as it is now."""
        facts = path.stat()
        return cls(path, "", facts.st_size, facts.st_mtime_ns)

    @property
    def stem(self) -> str:
        """Name without folders and ending."""
        return Path(self.entry).stem if self.entry else self.path.stem

    def __str__(self) -> str:
        """Return the path; that of an entry begins with the zip file's."""
        return f"{self.path}/{self.entry}" if self.entry else str(self.path)

    def read(self) -> bytes:
        """Return the bytes of the recording.

        Raises:
            DataError: The file is missing or larger than any recording, the entry is damaged or encrypted.
        """
        size, most = self.size, MAX_BYTES
        if self.entry:
            most = min(MAX_BYTES, max(MAX_INFLATED * self.compressed, MAX_BYTES // 16))
        if max(size, self.compressed) > most:
            problem = f"it has {max(size, self.compressed)} bytes, expected at most {most}"
            raise DataError.at(str(self), problem)
        try:
            return self._read_entry() if self.entry else self.path.read_bytes()
        except OSError as error:
            raise DataError.at(str(self), error.strerror or str(error)) from None

    def _read_entry(self) -> bytes:
        # Not through zipfile, which would read the list of all entries anew in each process.
        if self.flags & _ENCRYPTED:
            raise DataError.at(str(self), "it is encrypted")
        with self.path.open("rb") as file:
            file.seek(self.start)
            head = file.read(_LOCAL_HEADER.size)
            if len(head) < _LOCAL_HEADER.size:
                raise DataError.at(str(self), "the zip file ends before it")
            signature, name, extra = _LOCAL_HEADER.unpack(head)
            if signature != b"PK\x03\x04":
                raise DataError.at(str(self), "the zip file is damaged: there is no entry where it should be")
            file.seek(name + extra, 1)
            data = file.read(self.compressed)
        match self.method:
            case zipfile.ZIP_STORED:
                pass
            case zipfile.ZIP_DEFLATED:
                try:
                    data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, self.size + 1)
                except zlib.error as error:
                    raise DataError.at(str(self), f"damaged: {error}") from None
            case _:
                raise DataError.at(str(self), f"it is compressed by method {self.method}, expected 0 or 8")
        if len(data) != self.size or zlib.crc32(data) != self.stamp:
            raise DataError.at(str(self), "damaged: its checksum does not match")
        return data


def zip_entries(path: Path, ending: str) -> Iterator[RawFile]:
    """Return the entries of a zip file whose names end so; hidden ones do not count.

    Raises:
        DataError: It is no zip file, or cut.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except Exception as error:  # damaged ones raise a dozen kinds
        raise DataError.at(path, f"cannot be read as a zip file: {error}") from None
    for info in infos:
        if info.filename.endswith(ending) and not Path(info.filename).name.startswith("."):
            yield RawFile(
                path,
                info.filename,
                info.file_size,
                info.CRC,
                info.header_offset,
                info.compress_size,
                info.compress_type,
                info.flag_bits,
            )
