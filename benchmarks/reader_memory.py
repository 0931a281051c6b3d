"""Peak memory of every reader, as a multiple of the file that it reads.

    python benchmarks/reader_memory.py
    python benchmarks/reader_memory.py --megabytes 64 --only azure table

Each file is read in a process of its own, by `import_clips`, after a small one of its kind, so that what is
imported does not count. *honest* files are long recordings of one person; *adverse* ones take much memory:
empty frames, lists of lists, zip entries that inflate. Formats without their library are left out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests/skeleton_data/support"))

import recording_samples as samples
import sample_sets as sets

from skeleton_data import (
    DataError,
    ImportConfig,
    RawClip,
    import_clips,
    layout,
    read_skeleton,
    write_skeleton,
)

Writer = Callable[[Path, int], Path]
"""Writes a file of about so many bytes into a folder."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=32, help="size of each file, about")
    parser.add_argument("--only", nargs="+", help="formats")
    parser.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        return measure(*options.read)
    print(f"{'reader':<14} {'file':<24} {'MB':>7} {'peak MB':>8} {'multiple':>8}")
    for kind, what in (options.only and [(k, w) for k, w in files() if k in options.only]) or files():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--read", f"{kind}/{what}", folder]
            done = subprocess.run(
                [*command, "--megabytes", str(options.megabytes)], capture_output=True, text=True
            )
            if done.returncode:
                print(f"{kind:<14} {what:<24} {done.stderr.splitlines()[-1]}")
                continue
            found = json.loads(done.stdout)
            told = f"refused: {found['refused'][-90:]}" if found["refused"] else ""
            multiple = found["peak"] / found["size"]
            print(
                f"{kind:<14} {what:<24} {found['size'] / 1e6:7.1f} {found['peak'] / 1e6:8.1f}"
                f" {multiple:8.1f} {told}",
                flush=True,
            )


def measure(name: str, folder: str) -> None:
    """Print size of a file, and how much more memory the process takes at its peak when it reads it."""
    kind, what = name.split("/")
    megabytes = float(sys.argv[sys.argv.index("--megabytes") + 1])
    paths = []
    for part, size in (("small", 2_000), ("large", int(1e6 * megabytes))):
        (Path(folder) / part).mkdir()
        paths.append(written(WRITERS[kind][what], Path(folder) / part, size))
    read(kind, paths[0])
    found = paths[1].rglob("*") if paths[1].is_dir() else [paths[1]]
    size = sum(file.stat().st_size for file in found)
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = memory("VmRSS")
    refused = read(kind, paths[1])
    print(json.dumps({"size": size, "peak": memory("VmHWM") - before, "refused": refused}))


def written(writer: Writer, folder: Path, size: int) -> Path:
    """Write a file in another process, whose memory does not count, and return its path."""
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0
        return Path((folder / "path").read_text())
    status = 1
    try:
        path = writer(folder, size)
        (folder / "path").write_text(str(path))
        status = 0
    finally:
        os._exit(status)


def read(kind: str, path: Path) -> str | None:
    """Read a file; return what is wrong with it, if anything is."""
    try:
        if kind == "raw NTU":
            read_skeleton(path)
            return None
        options = (sets.KINDS | samples.RECORDED)[kind].config(path.parent)
        if kind == "bvh":
            (path.parent / "stick.toml").write_text(sets.BVH_LAYOUT)
        config = ImportConfig(format=kind, insist=True, **options)
        done = import_clips(path, path.parent / f"{path.name}.store", config, on_error="skip")
        return done.problems[0] if done.problems else None
    except DataError as error:
        return str(error)


def memory(field: str) -> int:
    """Bytes of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(field)).split()[1])


def recorded(kind: str) -> Writer:
    """A recording of one file, of as many frames as make it that large."""

    def write(folder: Path, size: int) -> Path:
        standing = samples.standing
        frames, path = 100, folder
        while not path.is_file() or path.stat().st_size < size / 2:
            frames = max(4, round(frames * size / path.stat().st_size)) if path.is_file() else frames
            samples.standing = lambda names, _=0, frames=frames: standing(names, frames)
            samples.BODY, samples.NTU = (
                samples.standing(samples.MARKERS),
                samples.standing([name.replace("tip", "hand") for name in layout("ntu").joints]),
            )
            samples.FLAT_BODY = samples.pixels(3, "coco17").round(2)
            samples.write_table.__defaults__ = (samples.BODY,)
            samples.write_pose.__defaults__ = (0.2, samples.FLAT_BODY)
            path = samples.RECORDED[kind].write(folder)
        samples.standing = standing
        return path

    return write


def steps(size: int, bytes_a_frame: int) -> np.ndarray:
    """Motion of 25 joints, (frames, 25, 3) metres."""
    frames = max(4, size // bytes_a_frame)
    return np.cumsum(np.random.default_rng(0).normal(0, 1e-3, (frames, 25, 3)), axis=0).astype(np.float32)


def own(folder: Path, size: int) -> Path:
    rows = steps(size, 300)
    offsets = np.unique([*range(0, len(rows), 80), len(rows)])
    np.savez(folder / "mine.npz", positions_m=rows, offsets=offsets, fps=30.0)
    return folder / "mine.npz"


def own_millimetres(folder: Path, size: int) -> Path:
    rows = (1000 * steps(size, 100)).astype(np.int16)
    offsets = np.unique([*range(0, len(rows), 80), len(rows)])
    np.savez_compressed(folder / "mine.npz", positions_mm=rows, offsets=offsets, fps=30.0)
    return folder / "mine.npz"


def own_inflating(folder: Path, size: int) -> Path:
    rows = size // 20 * 12  # zeros take a thousandth
    offsets = np.unique([*range(0, rows, 80), rows])
    with zipfile.ZipFile(folder / "mine.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in (("offsets", offsets), ("fps", np.array(30.0))):
            with archive.open(f"{name}.npy", "w") as file:
                np.save(file, array)
        with archive.open("positions_m.npy", "w", force_zip64=True) as file:
            head = {"descr": "<f4", "fortran_order": False, "shape": (rows, 25, 3)}
            np.lib.format.write_array_header_1_0(file, head)
            for start in range(0, rows, 1000):
                file.write(bytes(300 * min(1000, rows - start)))
    return folder / "mine.npz"


def ctr_gcn(folder: Path, size: int) -> Path:
    rows = np.resize(steps(size // 2, 600).reshape(-1, 75), (max(2, size // 360_000), 300, 75))
    x = np.concatenate([rows, np.zeros_like(rows)], axis=-1).astype(np.float32)
    np.savez(folder / "mine.npz", x_train=x, y_train=np.arange(len(x)) % 60)
    return folder / "mine.npz"


def pyskl(folder: Path, size: int) -> Path:
    rows = steps(size, 300)
    items = [
        {
            "frame_dir": f"S001C001P001R{number % 1000:03}A001",
            "label": 1,
            "keypoint": rows[start : start + 80][None],
        }
        for number, start in enumerate(range(0, len(rows), 80))
    ]
    return sets.write_pyskl(folder, {"split": {}, "annotations": items})


def pickled_names(folder: Path, size: int) -> Path:
    return sets.write_pyskl(folder, {"split": {}, "annotations": [[] for _ in range(size // 2)]})


def nw_ucla(folder: Path, size: int) -> Path:
    table = {
        "file_name": "x",
        "skeletons": steps(size, 825)[:, :20].round(4).astype(float).tolist(),
        "label": 1,
    }
    (folder / "a08_s02_e00_v03.json").write_text(json.dumps(table))
    return folder


def kinetics(folder: Path, size: int) -> Path:
    pose = np.random.default_rng(0).random((max(2, size // 400), 36)).round(3).tolist()
    frames = [
        {"frame_index": number + 1, "skeleton": [{"pose": each, "score": [0.5] * 18}]}
        for number, each in enumerate(pose)
    ]
    (folder / "kinetics_val").mkdir()
    (folder / "kinetics_val" / "a.json").write_text(sets.kinetics_file(data=frames))
    facts = {"a": {"has_skeleton": True, "label": "abseiling", "label_index": 1}}
    (folder / "kinetics_val_label.json").write_text(json.dumps(facts))
    return folder / "kinetics_val"


def pku_mmd(folder: Path, size: int) -> Path:
    for name in ("skeleton", "labels"):
        (folder / name).mkdir()
    rows = np.concatenate([steps(size, 1200).reshape(-1, 75), np.zeros((max(4, size // 1200), 75))], axis=1)
    text = "\n".join(" ".join(f"{number:.9g}" for number in row) for row in rows)
    (folder / "skeleton" / "0002-L.txt").write_text(text + "\n")
    (folder / "labels" / "0002-L.txt").write_text(f"8,1,{len(rows)},2\n")
    return folder / "skeleton"


def bvh(folder: Path, size: int) -> Path:
    head, _, _ = sets.BVH.partition("Frames:")
    rows = np.random.default_rng(0).normal(size=(max(2, size // 62), 9)).round(3)
    lines = "\n".join(" ".join(map(str, row)) for row in rows.tolist())
    (folder / "walk.bvh").write_text(f"{head}Frames: {len(rows)}\nFrame Time: 0.0333333\n{lines}\n")
    return folder / "walk.bvh"


def raw(folder: Path, size: int) -> Path:
    joints = steps(size, 2500)
    numbers = np.arange(len(joints))
    path = folder / "S001C001P001R001A001.skeleton"
    write_skeleton(path, RawClip(len(joints), numbers, np.full(len(joints), 7), joints))
    return path


def raw_empty(folder: Path, size: int) -> Path:
    path = raw(folder, 3000)
    _, _, rest = path.read_text().partition("\n")
    empty = size // 3
    path.write_text(f"{empty + 4}\n{rest}" + "0\n" * empty, newline="\r\n")
    return path


def text_of(name: str, head: str, piece: str, tail: str) -> Writer:
    """A file of text in which a piece is repeated."""

    def write(folder: Path, size: int) -> Path:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(head + ",".join([piece] * (size // (len(piece) + 1))) + tail)
        return path

    return write


WRITERS: dict[str, dict[str, Writer]] = {
    "raw NTU": {"honest": raw, "empty frames": raw_empty},
    "own": {"honest": own, "honest, compressed": own_millimetres, "inflating": own_inflating},
    "ctr-gcn": {"honest": ctr_gcn},
    "pyskl": {"honest": pyskl, "empty lists": pickled_names},
    "nw-ucla": {"honest": nw_ucla},
    "kinetics": {"honest": kinetics},
    "pku-mmd": {"honest": pku_mmd},
    "bvh": {"honest": bvh},
    **{kind: {"honest": recorded(kind)} for kind in samples.RECORDED if kind not in ("openpose", "st-gcn")},
}
WRITERS["mediapipe"]["empty frames"] = text_of("wave.json", "[", "{}", "]")
WRITERS["mmpose"]["empty frames"] = text_of("mmpose.json", '{"instance_info":[', '{"instances":[]}', "]}")
WRITERS["azure"]["empty lists"] = text_of("a.json", '{"joint_names":["a"],"frames":[', "[]", "]}")
WRITERS["alphapose"]["words"] = text_of("alphapose-results.json", '[{"image_id":[', '""', "]}]")


def files() -> Iterator[tuple[str, str]]:
    for kind, writers in WRITERS.items():
        for what in writers:
            yield kind, what


if __name__ == "__main__":
    main()
