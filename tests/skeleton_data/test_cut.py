"""`import --cut TABLE`: parts of recordings become clips, whatever the recordings are."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_samples import MARKERS, standing, write_table
from refusal import refusal

from skeleton_data import ImportConfig, SkeletonStore, import_clips
from skeleton_data.cli.main import main
from skeleton_data.readers.cut_table import CutTable, Interval

LONG = standing(MARKERS, 60)
"""(60, joints, 3) metres: two seconds, each frame another one."""


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder with two CSV files of 60 frames, of the subjects 1 and 2."""
    folder = tmp_path / "tables"
    for subject in (1, 2):
        folder.mkdir(exist_ok=True)
        write_table(folder, LONG + subject).rename(folder / f"P{subject}_squat_1.csv")
    return folder


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_seconds_of_csv_files_with_facts_of_their_names_and_of_the_table(
    recordings: Path, tmp_path: Path
) -> None:
    table = write(
        recordings / "cuts.csv",  # beside the recordings
        "file,start,end,label,remark",
        "P1_squat_1.csv,0.5,1,faulty,slow",
        "sub/P2_squat_1,,0.5,,",
        "P1_squat_1.csv,1.5,,correct,",
    )
    name = "P{subject}_{label}_{replication}"
    done = import_clips(recordings, tmp_path / "s", ImportConfig(units="m", name=name, cut=table))
    assert "remark" in " ".join(done.report)
    store = SkeletonStore.open(tmp_path / "s")
    assert store.class_names == ("correct", "faulty")
    clips = {store.name(clip): clip for clip in range(3)}
    assert [*clips] == ["P1_squat_1_1", "P1_squat_1_2", "P2_squat_1_1"]
    assert store.index.label.tolist() == [1, 0, -1]
    assert store.index.subject.tolist() == [1, 1, 2] and store.index.replication.tolist() == [1, 1, 1]
    for clip, part in enumerate((LONG[15:30] + 1, LONG[45:] + 1, LONG[:15] + 2)):
        np.testing.assert_allclose(store.read(clip)[:, 0], part, atol=1e-4)
    import_clips(
        tmp_path / "s",
        tmp_path / "t",
        ImportConfig(
            cut=write(
                tmp_path / "c.csv",
                "clip,start,end",
                "P1_squat_1_1,,0.2",
                "P1_squat_1_2,0.1,",
                "P2_squat_1_1,,",
            )
        ),
    )
    again = SkeletonStore.open(tmp_path / "t")  # a store is cut, too, and keeps its classes
    assert again.class_names == store.class_names and again.index.label.tolist() == [1, 0, -1]
    np.testing.assert_array_equal(again.read(0), store.read(0)[:6])
    np.testing.assert_array_equal(again.read(1), store.read(1)[3:])


def test_frames_of_an_npz_with_two_people_and_a_confidence(tmp_path: Path) -> None:
    """Both ends belong to the clip, and someone who does not come in it is not there."""
    joints = np.stack([LONG, LONG + 1], axis=1)
    joints[:30, 1] = 0
    sure = np.linspace(0.2, 1, 60 * 2 * len(MARKERS)).reshape(60, 2, len(MARKERS))
    arrays = {"offsets": [0, 60], "fps": 30.0, "joint_names": MARKERS, "clip_names": ["day"], "subject": [3]}
    np.savez(tmp_path / "a.npz", positions_m=joints, confidence=sure, **arrays)
    table = write(tmp_path / "c.csv", "clip,first_frame,last_frame,start,end", "day,10,19,,", "day,40,59,0,9")
    import_clips(tmp_path / "a.npz", tmp_path / "s", ImportConfig(layout="kinect_v1", cut=table))
    store = SkeletonStore.open(tmp_path / "s")
    assert [store.name(0), store.name(1)] == ["day_1", "day_2"] and store.index.subject.tolist() == [3, 3]
    np.testing.assert_array_equal(store.read(0)[:, 0], LONG[10:20])
    np.testing.assert_array_equal(store.read(1), joints[40:])
    np.testing.assert_allclose(store.read_confidence(1), sure[40:], atol=1 / 255)
    assert store.read(0).shape[1] == 1 and store.read_confidence(0).shape == (10, 1, len(MARKERS))


@given(times=st.lists(st.floats(0, 10), unique=True, max_size=6).map(sorted), fps=st.floats(1, 240))
def test_intervals_that_touch_share_no_frame_and_leave_none_out(times: list[float], fps: float) -> None:
    count = round(10 * fps)
    edges = [np.nan, *times, np.nan]
    table = CutTable(Path("c.csv"), (), True, frozenset(), (), ())
    frames: list[int] = []
    for number, (begin, end) in enumerate(pairwise(edges)):
        try:
            found = table.frames(Interval(number, "a", begin, end, {}), count, fps)
        except ValueError:  # shorter than a frame
            continue
        frames += range(*found)
    assert frames == [*range(count)]


FILE = "P1_squat_1"
WHOLE = "P2_squat_1,,"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["file,begin,end", f"{FILE},0,1"], "columns file, and start and end"),
        (["recording,start,end", f"{FILE},0,1"], "columns file"),
        (["file,start,end", f"{FILE},0,1"], "P2_squat_1"),
        (["file,start,end", f"{FILE},0,1", WHOLE, "P3,0,1"], "line 4.*P3"),
        (["file,start,end", f"{FILE},0,1", WHOLE, ",0,1"], "line 4.*'file'"),
        (["file,start,end", f"{FILE},0.2s,1", WHOLE], "line 2: start: expected a number, found '0.2s'"),
        (["file,start,end", f"{FILE},-1,1", WHOLE], "line 2: start: expected .*0, found -1"),
        (["file,start,end", f"{FILE},1,0.5", WHOLE], "line 2.*0.5.*1"),
        (["file,start,end", f"{FILE},1.001,1.002", WHOLE], "line 2.*shorter than a frame"),
        (["file,start,end", f"{FILE},1,2.1", WHOLE], "line 2.*2.00 s"),
        (["file,start,end", f"{FILE},3,", WHOLE], "line 2.*2.00 s"),
        (["file,first_frame,last_frame", f"{FILE},1,60", WHOLE], "line 2.*60 frames"),
        (["file,first_frame,last_frame", f"{FILE},1.5,9", WHOLE], "line 2: first_frame: expected .*1.5"),
        (["file,start,end,label", f"{FILE},0,1,3", f"{WHOLE},wave"], "line 3.*wave"),
    ],
)
def test_a_line_that_cannot_be_followed_is_named(
    lines: list[str], found: str, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write(tmp_path / "cuts.csv", *lines)
    with refusal(rf"cuts\.csv.*{found}"):
        import_clips(recordings, tmp_path / "s", ImportConfig(units="m", cut=table))
    with pytest.raises(SystemExit) as left:
        main(["import", f"{recordings}", f"{tmp_path}/s", "--units=m", "--workers=1", f"--cut={table}"])
    *_, last = capsys.readouterr().err.splitlines()
    assert left.value.code == 2 and "cuts.csv" in last
    assert not (tmp_path / "s").exists()


def test_a_part_without_anybody_is_skipped_if_asked(tmp_path: Path) -> None:
    rows = LONG.copy()
    rows[20:40] = np.nan
    source = write_table(tmp_path, rows)
    table = write(tmp_path / "c.csv", "file,first_frame,last_frame", "wave,25,30", "wave,0,19")
    config = ImportConfig(units="m", cut=table)
    with refusal(r"c\.csv.*line 2|c\.csv.*25 to 30"):
        import_clips(source, tmp_path / "s", config)
    done = import_clips(source, tmp_path / "s", config, on_error="skip")
    assert done.clips == 1 and len(done.problems) == 1 and "line 2" in done.problems[0]
