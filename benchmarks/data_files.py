"""Make the data files of docs/results from the published recordings: one `.npz` of joints in millimetres.

    python benchmarks/data_files.py utd-mhad UTD-MHAD/Skeleton utd_mhad.npz
    python benchmarks/data_files.py msrc12 MicrosoftGestureDataset-RC/data msrc12.npz
    python benchmarks/data_files.py bandai-namco Bandai-Namco-Research-Motiondataset-2/data bnr2.npz

The folder has the files as published: `a1_s1_t1_skeleton.mat`, `P1_1_1_p06.csv` with `P1_1_1_p06.tagstream`,
`dataset-2_walk_active_001.bvh`. UTD-MHAD needs scipy. docs/protocols.md says what is known of the data.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from skeleton_data import ImportConfig, SkeletonStore, import_clips, layout

Take = tuple[str, np.ndarray, dict[str, int]]
"""Name of a clip, its joints (T, V, 3) in metres, and what is known of it."""

MSRC_JOINTS = layout("kinect_v1").joints
UTD_JOINTS = (*MSRC_JOINTS[3::-1], *MSRC_JOINTS[4:])  # head first, middle of the hips fourth
UTD_CLASSES = (
    "swipe left,swipe right,wave,clap,throw,cross arms,basketball shoot,draw x,draw circle cw,"
    "draw circle ccw,draw triangle,bowling,boxing,baseball swing,tennis swing,arm curl,tennis serve,push,"
    "knock,catch,pickup and throw,jog,walk,sit to stand,stand to sit,lunge,squat"
)
MSRC_CLASSES = (
    "lift outstretched arms,duck,push right,goggles,wind it up,shoot,bow,throw,had enough,change weapon,"
    "beat both,kick"
)
CONTENTS = (
    "walk,walk-turn-left,walk-turn-right,run,wave-both-hands,wave-left-hand,wave-right-hand,"
    "raise-up-both-hands,raise-up-left-hand,raise-up-right-hand"
)
STYLES = "active,elderly,exhausted,feminine,masculine,normal,youthful"
BANDAI_NAMCO = str(Path(__file__).parents[1] / "configs/layouts/bandai_namco.toml")
LEFT_OUT = {"P1_2_5_p04"}
"""Recordings of MSRC-12 that are not in the file of docs/results."""
LONGEST = 2e6
"""Microseconds before and after a tag of MSRC-12 that belong to its clip at most."""


def utd_mhad(folder: Path) -> Iterator[Take]:
    """Yield the clips of UTD-MHAD: a file each, `d_skel` of shape (V, 3, T)."""
    from scipy.io import loadmat

    for path in sorted(folder.glob("*_skeleton.mat")):
        action, subject, take = map(int, re.findall(r"\d+", path.stem))
        joints = loadmat(path)["d_skel"].transpose(2, 0, 1)
        yield path.stem, joints, {"label": action - 1, "subject": subject, "take": take}


def msrc12(folder: Path) -> Iterator[Take]:
    """Yield the clips of MSRC-12: the frames around each tag of a recording."""
    tags_of = {path.stem.lower(): path for path in folder.glob("*.tagstream")}
    for path in sorted(folder.glob("*.csv")):
        rows = np.loadtxt(path, ndmin=2)  # microseconds, then x, y, z and the state of each joint
        rows = rows[rows[:, 1:].any(axis=1)]  # frames in which the sensor sees nobody are zero
        lines = tags_of[path.stem.lower()].read_text().split("\n")[1:]
        ticks = np.array([int(line.split(";")[0]) for line in lines if line.strip()])
        joints = rows[:, 1:].reshape(-1, 20, 4)[..., :3].astype(np.float32)
        gesture, subject = re.fullmatch(r"P\d_\d_(\d+)A?_p(\d+)", path.stem, re.IGNORECASE).groups()
        facts = {"label": int(gesture) - 1, "subject": int(subject)}
        for number, (start, end) in enumerate(bounds((1000 * ticks + 49875 / 2) / 49875)):
            clip = joints[(rows[:, 0] >= start) & (rows[:, 0] < end)]
            if len(clip) and path.stem not in LEFT_OUT:
                yield f"{path.stem}#{number:03}", clip, facts


def bounds(tags: np.ndarray) -> np.ndarray:
    """Return begin and end (n, 2) of the clips around tags, in microseconds.

    A clip ends in the middle between two tags, and at most two seconds from its own. The first and the last
    are as long on their outer side as on the inner one.
    """
    middle = (tags[1:] + tags[:-1]) / 2
    first, last = (middle[0], middle[-1]) if len(middle) else (tags[0] + LONGEST, tags[0] - LONGEST)
    edges = np.concatenate([[2 * tags[0] - first], middle, [2 * tags[-1] - last]])
    return np.stack([np.maximum(edges[:-1], tags - LONGEST), np.minimum(edges[1:], tags + LONGEST)], axis=1)


def bandai_namco(folder: Path) -> Iterator[Take]:
    """Yield the clips of Bandai-Namco-Research-Motiondataset 2: a BVH file each, in centimetres."""
    contents, styles = CONTENTS.split(","), STYLES.split(",")
    with TemporaryDirectory() as place:
        import_clips(folder, Path(place) / "store", ImportConfig(units="cm", layout=BANDAI_NAMCO))
        store = SkeletonStore.open(Path(place) / "store")
        for number in range(len(store)):
            name = store.name(number)
            _, content, style, take = name.split("_")
            facts = {"content": contents.index(content), "style": styles.index(style), "take": int(take)}
            yield name, store.read(number)[:, 0], facts


def main() -> None:
    """Write the clips of a data set into one file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", choices=("utd-mhad", "msrc12", "bandai-namco"))
    parser.add_argument("folder", type=Path, help="folder of the published recordings")
    parser.add_argument("npz", type=Path, help="file to write")
    asked = parser.parse_args()
    match asked.data:
        case "utd-mhad":
            takes, entries = utd_mhad, {"joint_names": UTD_JOINTS, "class_names": UTD_CLASSES.split(",")}
        case "msrc12":
            takes, entries = msrc12, {"joint_names": MSRC_JOINTS, "class_names": MSRC_CLASSES.split(",")}
        case _:
            takes, entries = bandai_namco, {"joint_names": layout(BANDAI_NAMCO).joints}
            entries |= {"content_names": CONTENTS.split(","), "style_names": STYLES.split(",")}
    clips = list(takes(asked.folder))
    if not clips:
        parser.error(f"{asked.folder}: there are no recordings of {asked.data} in it")
    np.savez(
        asked.npz,
        positions_mm=np.concatenate(
            [np.round(1000 * joints.astype(np.float64)) for _, joints, _ in clips]
        ).astype(np.int16),
        offsets=np.cumsum([0, *(len(joints) for _, joints, _ in clips)]),
        clip_names=[name for name, _, _ in clips],
        fps=30.0,
        **{fact: np.array([facts[fact] for _, _, facts in clips]) for fact in clips[0][2]},
        **entries,
    )
    print(f"{asked.npz}: {len(clips)} clips")


if __name__ == "__main__":
    main()
