"""Files of every format with bytes put in, taken out or turned over, and what readers make of them."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from sample_sets import Kind

from skeleton_data.errors import DataError
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.formats import read_clips

Random = np.random.Generator

PIECES = [
    *(b"", b" ", b"\n", b"-", b"9" * 20, b"NaN", b"null", b"\xff", b"\x00"),
    *(b"{", b"}", b"[", b'"', b"1e999", b"--5"),
]


def mutated(data: bytes, random: Random) -> bytes:
    """With a piece put in the place of another, a bit turned over, or the end cut off."""
    start = int(random.integers(len(data)))
    match random.integers(4):
        case 0:
            return data[:start] + bytes([data[start] ^ 1 << int(random.integers(8))]) + data[start + 1 :]
        case 1:
            return data[:start]
        case _:
            end = start + int(random.choice([0, 1, 3, 40]))
            return data[:start] + PIECES[random.integers(len(PIECES))] + data[end:]


def mutated_inside(data: bytes, random: Random) -> bytes:
    """A zip file with one entry mutated, most often in its head, and all checksums right."""
    packed = BytesIO()
    with ZipFile(BytesIO(data)) as archive, ZipFile(packed, "w") as changed:
        chosen = random.choice(archive.namelist())
        for name in archive.namelist():
            entry = archive.read(name)
            if name == chosen:
                head = int(random.choice([140, len(entry)]))
                entry = mutated(entry[:head], random) + entry[head:]
            changed.writestr(name, entry)
    return packed.getvalue()


def read_mutations(kind: Kind, folder: Path, count: int, random: Random) -> int:
    """Mutate the files of a data set so many times, and return how many of those were refused.

    Never another error than a `DataError` that names a file in a line, nor a clip of a wrong shape.
    """
    source = kind.write(folder)
    config = ImportConfig(format=kind.name, **kind.config(folder))
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".toml"]
    refused = 0
    for _ in range(count):
        file = files[random.integers(len(files))]
        whole = file.read_bytes()
        inside = file.suffix == ".npz" and random.random() < 0.7
        file.write_bytes((mutated_inside if inside else mutated)(whole, random))
        try:
            found = read_clips(source, config)
            clips = list(found.clips)
        except DataError as error:
            clips = [error]
        refused += any(isinstance(clip, DataError) for clip in clips)
        for clip in clips:
            if isinstance(clip, DataError):
                assert str(folder) in str(clip) and "\n" not in str(clip) and len(str(clip)) < 600
            else:
                assert clip.joints.shape[2:] == (len(found.joints), 3) and clip.joints.size
                assert not np.isinf(clip.joints).any()
        file.write_bytes(whole)
    return refused
