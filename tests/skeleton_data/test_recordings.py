"""Formats of one file a clip: what is kept, what is missing, who is who, and what a clip is labelled."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from recording_samples import (
    BODY,
    MARKERS,
    NTU_NAME,
    RECORDED,
    alphapose_entry,
    c3d_file,
    pixels,
    standing,
    write_alphapose,
    write_azure,
    write_mediapipe,
    write_mmpose,
    write_openpose,
    write_table,
    write_trc,
)
from refusal import refusal

from skeleton_data.clips import Clip
from skeleton_data.errors import DataError
from skeleton_data.importing.importer import import_clips
from skeleton_data.layouts.layout import layout
from skeleton_data.readers.c3d import read_c3d
from skeleton_data.readers.camera_json import read_azure, read_mediapipe
from skeleton_data.readers.config import ImportConfig
from skeleton_data.readers.detections import read_alphapose, read_openpose
from skeleton_data.readers.formats import find_format, read_clips
from skeleton_data.readers.joint_table import read_joint_table
from skeleton_data.readers.trc import read_trc
from skeleton_data.store.store import SkeletonStore


@pytest.mark.parametrize("name", RECORDED)
def test_found_by_its_look_and_imported_upright(name: str, tmp_path: Path) -> None:
    source = RECORDED[name].write(tmp_path)
    assert find_format(source) == find_format(tmp_path) == name
    import_clips(source, tmp_path / "s", ImportConfig(**RECORDED[name].config(tmp_path)))
    store = SkeletonStore.open(tmp_path / "s")
    clip, joints = store.read(0), store.layout.joints
    assert store.fps == 30 and clip.shape[1] == 1
    head, knee = joints.index("nose" if "nose" in joints else "head"), joints.index("left_knee")
    assert (clip[:, 0, head, 1] > clip[:, 0, knee, 1]).all()
    left, right = (joints.index(f"{side}_shoulder") for side in ("left", "right"))
    assert (clip[:, 0, left, 0] < clip[:, 0, right, 0]).all()  # seen from behind, and never mirrored
    if name in ("st-gcn", "txt2npy"):
        assert (store.index.label.tolist(), store.index.subject.tolist(), store.name(0)) == (
            [3],
            [3],
            NTU_NAME,
        )
    if name in ("table", "trc", "c3d", "array"):
        np.testing.assert_allclose(clip[:, 0], BODY, atol=1e-4)


@pytest.mark.parametrize("name", ["azure", "mediapipe", "alphapose", "mmpose"])
@pytest.mark.parametrize("gap", [False, True])
def test_large_json_is_read_as_small_json(name: str, gap: bool, tmp_path: Path, monkeypatch) -> None:
    source = RECORDED[name].write(tmp_path)
    if gap:
        source.write_text(re.sub(r"-?\d+\.\d+", "null", source.read_text(), count=1))
    config = ImportConfig(**RECORDED[name].config(tmp_path))
    (small,) = read_clips(source, config).clips
    monkeypatch.setattr("skeleton_data.files.json_file.LARGE", 0)
    (large,) = read_clips(source, config).clips
    np.testing.assert_array_equal(large.joints, small.joints)
    assert (large.confidence is None) == (small.confidence is None)


def test_people_are_followed_by_who_is_nearest_and_by_ids(tmp_path: Path) -> None:
    near, aside = pixels(4, "halpe26"), np.array([250, 0, 0])
    far = near + aside
    entries = [
        alphapose_entry(frame, body)
        for frame in (0, 1, 3)
        for body in ((near[frame], far[frame]) if frame % 2 else (far[frame], near[frame]))
    ]
    found = read_alphapose(write_alphapose(tmp_path, entries)).positions
    assert found.shape == (4, 2, 26, 2) and np.isnan(found[2]).all()
    np.testing.assert_allclose(found[[0, 1, 3], 0], far[[0, 1, 3], :, :2], atol=0.01)
    np.testing.assert_allclose(found[[0, 1, 3], 1], near[[0, 1, 3], :, :2], atol=0.01)
    write_alphapose(tmp_path).rename(tmp_path / "a_single.json")  # the first file has one person
    write_alphapose(tmp_path, entries)
    report = import_clips(tmp_path, tmp_path / "s", ImportConfig(fps=30, picture=(640, 480))).report
    assert any("1 of 2 clips" in line and "nearest" in line for line in report)
    (tmp_path / "a_single.json").unlink()
    named = [alphapose_entry(0, near[0], idx=[[2.0]]), alphapose_entry(10, near[0] + aside, idx=2)]
    found = read_alphapose(write_alphapose(tmp_path, named)).positions
    assert found.shape == (11, 1, 26, 2)  # one person by the id, eleven frames by the number


def test_a_new_id_where_another_was_lost_is_the_same_person(tmp_path: Path) -> None:
    near, aside = pixels(9, "halpe26"), np.array([250, 0, 0])
    entries = [alphapose_entry(frame, near[frame], idx=10 - frame // 3) for frame in range(9)]
    entries += [alphapose_entry(frame, near[frame] + aside, idx=4) for frame in (5, 6)]
    found = read_alphapose(write_alphapose(tmp_path, entries))
    assert found.positions.shape == (9, 2, 26, 2) and "one was lost" in " ".join(found.notes)
    np.testing.assert_allclose(found.positions[:, 1], near[..., :2], atol=0.01)  # first of all id 10, then 9
    entries = [
        alphapose_entry(frame, near[frame] + aside * (frame > 4), idx=frame // 5) for frame in range(9)
    ]
    found = read_alphapose(write_alphapose(tmp_path, entries))
    assert found.positions.shape[1] == 2 and not found.notes  # somewhere else it is somebody else
    done = import_clips(tmp_path, tmp_path / "s", ImportConfig(fps=30, picture=(640, 480)))
    assert "in 1 of 1 clips some people come only after others have left" in " ".join(done.warnings)


@pytest.mark.parametrize("large", [False, True])
def test_people_of_mediapipe_are_followed_in_the_image(large: bool, tmp_path: Path, monkeypatch) -> None:
    """In the world the hips of both are at the origin, and their postures cross."""
    frames = json.loads(write_mediapipe(tmp_path).read_text())
    for number, frame in enumerate(frames):
        (body,) = frame["pose_world_landmarks"]
        wider = [point | {"x": point["x"] * (1 + 0.1 * number)} for point in body]
        thinner = [point | {"x": point["x"] * (1.3 - 0.1 * number)} for point in body]
        places = [[{"x": 0.3 * person, "y": 0.1 * joint} for joint in range(33)] for person in (1, 2)]
        order = (0, 1) if number % 2 else (1, 0)
        frame["pose_world_landmarks"] = [(wider, thinner)[person] for person in order]
        frame["pose_landmarks"] = [places[person] for person in order]
    (tmp_path / "wave.json").write_text(json.dumps(frames))
    if large:
        monkeypatch.setattr("skeleton_data.files.json_file.LARGE", 0)
    found = read_mediapipe(tmp_path / "wave.json")
    widths = np.ptp(found.positions[..., 0], axis=2)  # (T, M)
    assert (np.diff(widths[:, 0]) < 0).all() and (np.diff(widths[:, 1]) > 0).all()
    assert found.notes


def test_openpose_videos_and_frames(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path, "a_01")
    write_openpose(tmp_path, "b")
    (folder / "b_000000000001_keypoints.json").unlink()
    recording = read_openpose(folder / "b")
    assert len(recording.positions) == 3 and np.isnan(recording.positions[1]).all()
    source = read_clips(folder, ImportConfig(fps=25, picture=(640, 480)))
    assert [clip.name for clip in source.clips] == ["a_01", "b"]


def test_c3d_keeps_units_names_and_what_was_not_measured(tmp_path: Path) -> None:
    points = np.zeros((3, 4, 4), np.float32)
    points[..., :3] = 5
    points[0, 0, 3] = -1  # held, but not measured
    points[1, 1] = np.nan
    points[2, 2] = 0
    labels = ["P:one", "P:two", "three", "P:angle"]
    (tmp_path / "a.c3d").write_bytes(
        c3d_file(points, {"LABELS": labels, "UNITS": ["Cm"], "ANGLES": ["angle"]})
    )
    found = read_c3d(tmp_path / "a.c3d")
    assert (found.joints, found.units, found.fps) == (("one", "two", "three"), "cm", 30)
    missing = np.isnan(found.positions).all(axis=-1)[:, 0]
    np.testing.assert_array_equal(missing, np.eye(3, dtype=bool))


def test_files_of_a_folder_may_spell_and_order_joints_otherwise(tmp_path: Path) -> None:
    camel = ["".join(word.title() for word in name.split("_")[::-1]) for name in MARKERS]
    for number, names in enumerate((MARKERS, [name.upper() for name in MARKERS], camel)):
        turned = 1 - 2 * (number == 2)  # the last one lists them from behind
        write_table(tmp_path, BODY[:, ::turned], names[::turned]).rename(tmp_path / f"{number}.csv")
    clips = list(read_clips(tmp_path, ImportConfig(units="m")).clips)
    assert len(clips) == 3
    for clip in clips:
        np.testing.assert_allclose(clip.joints[:, 0], BODY, atol=1e-4)


def test_a_table_with_a_row_a_joint_may_have_times_alone(tmp_path: Path) -> None:
    rows = [
        f"{number / 30},{name}," + ",".join(map(str, BODY[number, joint].round(4)))
        for joint, name in enumerate(MARKERS)
        for number in range(len(BODY))
    ]
    (tmp_path / "wave.csv").write_text("\n".join(["time,joint,x,y,z", *rows]))
    found = read_joint_table(tmp_path / "wave.csv")
    assert found.fps == 30
    np.testing.assert_allclose(found.positions[:, 0], BODY, atol=1e-4)
    for head, message in (("when,joint,x,y,z", "column frame, or a column of times"),):
        (tmp_path / "wave.csv").write_text("\n".join([head, *rows]))
        with refusal(message):
            read_joint_table(tmp_path / "wave.csv")
    (tmp_path / "wave.csv").write_text("\n".join(["time,joint,x,y,z", *rows[:3], ",head,1,2,3"]))
    with refusal("line 5.*there is no time"):
        read_joint_table(tmp_path / "wave.csv")


def test_links_to_folders_are_not_followed_and_said(tmp_path: Path) -> None:
    write_openpose(tmp_path)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "wave").symlink_to(tmp_path / "openpose")
    with refusal("links to folders are not followed"):
        find_format(tmp_path / "linked")


def test_joints_of_too_little_confidence_are_not_called_zero(tmp_path: Path) -> None:
    source = write_mediapipe(tmp_path)
    source.write_text(source.read_text().replace("0.9", "0.3"))
    with refusal("no joint has a confidence of 0.5 or more.*min_confidence"):
        import_clips(source, tmp_path / "s", ImportConfig(fps=30))
    assert import_clips(source, tmp_path / "s", ImportConfig(min_confidence=0.2)).clips == 1


BVH = """HIERARCHY
ROOT Hips
{{
OFFSET 0 0 0
CHANNELS 1 Yrotation
{arms}
}}
MOTION
Frames: 1
Frame Time: 0.04
90 0 0
"""
ARM = """JOINT {name}
{{
OFFSET {x} 0 0
CHANNELS 1 Zrotation
End Site
{{
OFFSET 0 2 0
}}
}}"""


def test_bvh_files_of_a_folder_may_spell_and_order_joints_otherwise(tmp_path: Path) -> None:
    arms = [ARM.format(name=name, x=x) for name, x in (("LeftArm", 1), ("RightArm", -1))]
    (tmp_path / "a.bvh").write_text(BVH.format(arms="\n".join(arms)))
    other = BVH.format(arms="\n".join(reversed(arms)))
    (tmp_path / "b.bvh").write_text(re.sub("(ROOT|JOINT) ", r"\1 mixamorig:", other))
    one, two = read_clips(tmp_path, ImportConfig(units="m")).clips
    np.testing.assert_allclose(one.joints, two.joints)
    (tmp_path / "b.bvh").write_text(other.replace("0.04", "0.016667"))
    assert read_clips(tmp_path / "b.bvh", ImportConfig(units="m")).fps == 60


def test_c3d_of_two_subjects_and_a_thing_has_two_people(tmp_path: Path) -> None:
    points = np.arange(3 * 8 * 4, dtype=np.float32).reshape(3, 8, 4) + 1
    labels = ["A:one", "A:two", "A:three", "Ball:one", "B:two", "B:one", "B:three", "B:four"]
    (tmp_path / "duo.c3d").write_bytes(c3d_file(points, {"LABELS": labels, "UNITS": ["m"]}))
    found = read_c3d(tmp_path / "duo.c3d")
    assert found.joints == ("one", "two", "three", "four") and found.positions.shape == (3, 2, 4, 3)
    np.testing.assert_array_equal(found.positions[:, 0, :3], points[:, :3, :3])
    np.testing.assert_array_equal(found.positions[:, 1], points[:, [5, 4, 6, 7], :3])
    assert np.isnan(found.positions[:, 0, 3]).all()


def test_c3d_of_rotations_alone_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.c3d").write_bytes(
        c3d_file(np.ones((3, 0, 4), np.float32), {"ROTATION:LABELS": ["pelvis_4X4"]}, group="ROTATION")
    )
    with refusal("Theia3D"):
        read_c3d(tmp_path / "a.c3d")


def test_c3d_of_many_labels_and_frames(tmp_path: Path) -> None:
    labels = [f"m{number}" for number in range(300)]
    parameters = {"LABELS": labels[:255], "LABELS2": labels[255:], "UNITS": ["m"]}
    (tmp_path / "labels.c3d").write_bytes(c3d_file(np.ones((2, 300, 4)), parameters))
    assert read_c3d(tmp_path / "labels.c3d").joints == tuple(labels)
    long = np.ones((70_000, 1, 4), np.float32)
    fields = {"TRIAL:ACTUAL_START_FIELD": [1, 0], "TRIAL:ACTUAL_END_FIELD": [70_000 - 65_536, 1]}
    for name, more, frames in (("trial", fields, None), ("full", {}, None), ("wrapped", {}, 70_000 - 65_536)):
        data = c3d_file(long, {"LABELS": ["m"], "UNITS": ["m"]} | more, frames=frames)
        (tmp_path / f"{name}.c3d").write_bytes(data)
        frames_found = len(read_c3d(tmp_path / f"{name}.c3d").positions)
        assert frames_found == 70_000, name


def test_trc_fields(tmp_path: Path) -> None:
    path = write_trc(tmp_path)
    lines = path.read_text().split("\n")
    cells = lines[7].split("\t")
    cells[2:5], cells[5:8] = ["", "", ""], ["nan"] * 3
    lines[7] = "\t".join(cells) + "\t\r"
    path.write_text("\n".join(lines))
    missing = np.isnan(read_trc(path).positions).all(axis=-1)
    assert np.argwhere(missing).tolist() == [[1, 0, 0], [1, 0, 1]]
    path.write_text("\n".join(lines).replace("\tm\t", "\tfurlong\t"))
    with refusal(r"wave\.trc, line 3: Units.*furlong"):
        read_trc(path)


def test_azure_zeros_and_dropped_frames(tmp_path: Path) -> None:
    path = write_azure(tmp_path)
    table = json.loads(path.read_text())
    table["frames"][1]["bodies"][0]["joint_positions"][5] = [0, 0, 0]
    del table["frames"][2]
    path.write_text(json.dumps(table))
    found = read_azure(path)
    assert found.positions.shape == (4, 1, 20, 3) and found.fps == 30
    missing = np.isnan(found.positions).all(axis=-1)[:, 0]
    assert missing[1].sum() == 1 and missing[1, 5] and missing[2].all() and missing.sum() == 21


def test_tidy_tables_and_gaps(tmp_path: Path) -> None:
    gap = BODY.copy()
    gap[1, 2] = np.nan
    wide = read_joint_table(write_table(tmp_path, gap))
    np.testing.assert_allclose(wide.positions[:, 0], gap, atol=1e-4)
    assert (wide.joints, wide.fps, wide.units) == (MARKERS, 30, None)
    rows = [
        f"{frame};{person};{name};{x + person};{y}"
        for frame, body in enumerate(BODY)
        for person in (0, 1)
        for name, (x, y, _) in zip(MARKERS, body.tolist(), strict=True)
    ]
    (tmp_path / "tidy.csv").write_text("\n".join(["Frame;person;joint;x;y", *rows]))
    tidy = read_joint_table(tmp_path / "tidy.csv")
    assert (tidy.joints, tidy.units, tidy.fps) == (MARKERS, "pixels", None)
    np.testing.assert_allclose(tidy.positions[:, 1], BODY[..., :2] + [1, 0], atol=1e-6)
    (tmp_path / "twice.csv").write_text("\n".join(["Frame;joint;x;y", "0;a;1;2", "0;a;1;2"]))
    with refusal(r"twice\.csv, line 2: .*'person'"):
        read_joint_table(tmp_path / "twice.csv")
    (tmp_path / "blank.csv").write_text("Frame,joint,x,y\n\n0,a,1,2\n \n1,a,1,x\n")
    with refusal(r"blank\.csv, line 5: y: .*'x'"):
        read_joint_table(tmp_path / "blank.csv")


def test_tables_as_spreadsheets_write_them(tmp_path: Path) -> None:
    plain = read_joint_table(write_table(tmp_path)).positions
    text = (tmp_path / "wave.csv").read_text()
    comma = tmp_path / "comma.csv"
    comma.write_text(text.replace(",", ";").replace(".", ","))
    np.testing.assert_array_equal(read_joint_table(comma).positions, plain)
    first, _, last = comma.read_text().rstrip().rpartition(";")  # a column with both signs may mean thousands
    comma.write_text(f"{first};{last.replace(',', '.')}\n")
    with pytest.raises(DataError) as caught:
        read_joint_table(comma)
    assert caught.value.field is not None and caught.value.line is not None
    units = tmp_path / "units.csv"
    header, _, rows = text.partition("\n")
    for spelling in (" (mm)", "_mm", " [mm]"):
        units.write_text(re.sub("(_[xyz])", rf"\1{spelling}", header) + "\n" + rows)
        found = read_joint_table(units)
        assert (found.units, found.joints) == ("mm", MARKERS)
    units.write_text(units.read_text().replace("_x [mm]", "_x [cm]", 1))
    with refusal("units.csv: .*columns"):
        read_joint_table(units)


@pytest.mark.parametrize("joints", ["ntu", "mediapipe33"])
def test_units_that_such_tables_usually_have_give_way_to_the_option(joints: str, tmp_path: Path) -> None:
    """Tables of a Kinect v2 and of MediaPipe are in metres, unless whoever imports them says otherwise."""
    names = layout(joints).joints
    body = standing(names)
    if joints == "mediapipe33":
        body -= body[:, [names.index("left_hip"), names.index("right_hip")]].mean(axis=1, keepdims=True)
        body *= np.float32([1, -1, -1])
    for units, factor in (("auto", 1), ("mm", 1000)):
        source = write_table(tmp_path, body * factor, names)
        import_clips(source, tmp_path / units, ImportConfig(units=units, layout=joints))
    one, other = (SkeletonStore.open(tmp_path / units).read(0) for units in ("auto", "mm"))
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_landmarks_as_other_programs_write_them_are_no_fractions_of_a_picture(tmp_path: Path) -> None:
    """In millimetres of a room, z up, their unit is asked for; x and y of hundreds are pixels."""
    names = layout("mediapipe33").joints
    body = standing(names)
    room = 1000 * body[..., [0, 2, 1]] * np.float32([1, -1, 1]) + np.float32([500, 2000, 0])
    source = write_table(tmp_path, room, names)
    with refusal(r"wave\.csv: .*option units"):
        read_clips(source, ImportConfig())
    import_clips(source, tmp_path / "room", ImportConfig(units="mm", up="z"))
    np.testing.assert_allclose(
        SkeletonStore.open(tmp_path / "room").read(0)[:, 0], body + np.float32([0.5, 0, -2]), atol=1e-3
    )
    stores = []
    for width in (2, 3):
        source = write_table(tmp_path, pixels(4, "mediapipe33")[..., :width], names)
        import_clips(source, tmp_path / f"{width}", ImportConfig(units="px", picture=(640, 480)))
        stores.append(SkeletonStore.open(tmp_path / f"{width}").read(0))
    np.testing.assert_allclose(stores[0], stores[1])
    assert np.ptp(stores[0][..., 1]) == pytest.approx(200 * 1.7 / 640, abs=0.01)
    fractions = write_table(tmp_path, pixels(4, "mediapipe33")[..., :2] / [640, 480], names)
    import_clips(fractions, tmp_path / "parts", ImportConfig(picture=(640, 480)))
    np.testing.assert_allclose(SkeletonStore.open(tmp_path / "parts").read(0), stores[0], atol=1e-4)


@pytest.mark.parametrize("column", ["landmark", "landmark_id"])
def test_landmarks_by_number_with_a_row_for_each(column: str, tmp_path: Path) -> None:
    body = standing(layout("mediapipe33").joints)
    rows = [
        f"{frame},{joint},{x},{y},{z}"
        for frame, places in enumerate(body.round(4).tolist())
        for joint, (x, y, z) in enumerate(places)
    ]
    (tmp_path / "tidy.csv").write_text("\n".join([f"frame,{column},x,y,z", *reversed(rows)]))
    found = read_joint_table(tmp_path / "tidy.csv")
    assert found.joints == layout("mediapipe33").joints and found.up == "-y"
    np.testing.assert_allclose(found.positions[:, 0], body, atol=1e-4)


def test_the_option_units_corrects_files_that_all_say_a_wrong_one(tmp_path: Path) -> None:
    """Of files that say different units it cannot be right for all."""
    write_trc(tmp_path).rename(tmp_path / "a.trc")
    text = (tmp_path / "a.trc").read_text()
    (tmp_path / "a.trc").write_text(text.replace("\tm\t", "\tmm\t"))
    with refusal("a body measures .*option units"):
        import_clips(tmp_path, tmp_path / "s", ImportConfig())
    source = read_clips(tmp_path, ImportConfig(units="m"))
    assert any("mm" in note for note in source.notes)
    (clip,) = source.clips
    assert isinstance(clip, Clip)
    np.testing.assert_allclose(clip.joints[:, 0], BODY, atol=1e-4)
    (tmp_path / "b.trc").write_text(text)
    *_, error = read_clips(tmp_path, ImportConfig(units="m")).clips
    assert isinstance(error, DataError) and error.path == str(tmp_path / "b.trc")
    with refusal(r"a\.trc: its positions are in mm, but the option units is px"):
        read_clips(tmp_path, ImportConfig(units="px"))


@pytest.mark.parametrize("joints", ["azure32", "zed34", "zed38"])
def test_in_tables_of_azure_kinect_and_zed_y_points_down(joints: str, tmp_path: Path) -> None:
    names = layout(joints).joints
    body = standing([name.replace("clavicle", "neck") for name in names])
    source = write_table(tmp_path, body * np.float32([1, -1, -1]), [name.upper() for name in names])
    import_clips(source, tmp_path / "s", ImportConfig(units="m"))
    store = SkeletonStore.open(tmp_path / "s")
    assert store.layout.name == joints and store.meta.source["up"] == "-y"
    np.testing.assert_allclose(store.read(0)[:, 0], body, atol=1e-4)


TIMES = {
    **{
        "timestamp": 1,
        "Time (Seconds)": 1,
        "timestamp_ms": 1e3,
        "time [ms]": 1e3,
        "Timestamp": 1e6,
        "t": 1e9,
    },
    **{"time_stamp": 1e3, "seconds": 1},
}


@pytest.mark.parametrize("name", TIMES)
def test_times_are_in_the_unit_of_their_name_or_in_that_of_a_usual_rate(name: str, tmp_path: Path) -> None:
    text = write_table(tmp_path).read_text()
    for frame in range(len(BODY)):
        text = text.replace(f"\n{frame},{frame / 30},", f"\n{frame},{1.7e9 + frame / 30 * TIMES[name]:.6f},")
    (tmp_path / "wave.csv").write_text(text.replace("frame,time,", f"frame,{name},"))
    assert read_joint_table(tmp_path / "wave.csv").fps == pytest.approx(30, rel=1e-3)


def test_times_of_no_usual_rate_say_none(tmp_path: Path) -> None:
    """Numbers of frames in a column of times; of a unit that the name says, they are wrong."""
    text = write_table(tmp_path).read_text()
    for frame in range(len(BODY)):
        text = text.replace(f"\n{frame},{frame / 30},", f"\n{frame},{frame},")
    (tmp_path / "wave.csv").write_text(text)
    assert read_joint_table(tmp_path / "wave.csv").fps is None
    (tmp_path / "wave.csv").write_text(text.replace("frame,time,", "frame,time_us,"))
    with pytest.raises(DataError) as caught:
        read_joint_table(tmp_path / "wave.csv")
    assert (caught.value.path, caught.value.field) == (str(tmp_path / "wave.csv"), "time")


def test_a_joint_without_a_column_of_confidence_is_sure(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a_x,a_y,b_x,b_y,b_confidence\n1,2,3,4,0.25\n5,6,7,8,0.5\n")
    found = read_joint_table(tmp_path / "a.csv")
    assert found.confidence is not None
    np.testing.assert_array_equal(found.confidence[:, 0], [[1, 0.25], [1, 0.5]])


def test_another_rate_than_that_of_the_file_is_refused(tmp_path: Path) -> None:
    """In the first file and in others; that the rate is rounded does not matter."""
    for name, rate in (("a", 30), ("b", 29.97), ("c", 60)):
        path = write_table(tmp_path, BODY).rename(tmp_path / f"{name}.csv")
        text = path.read_text()
        for frame in range(1, len(BODY)):
            text = text.replace(f"\n{frame},{frame / 30},", f"\n{frame},{frame / rate},")
        path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_clips(tmp_path, ImportConfig(units="m", fps=60))
    assert (caught.value.path, caught.value.field) == (str(tmp_path / "a.csv"), "fps")
    *clips, error = read_clips(tmp_path, ImportConfig(units="m", fps=30)).clips
    assert [clip.fps for clip in clips if isinstance(clip, Clip)] == [30, 30]
    assert isinstance(error, DataError) and (error.path, error.field) == (str(tmp_path / "c.csv"), "fps")


def test_times_that_go_back_are_refused(tmp_path: Path) -> None:
    write_table(tmp_path, BODY).rename(tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text()
    (tmp_path / "a.csv").write_text(text.replace(f",{1 / 30},", ",9,"))
    write_azure(tmp_path).rename(tmp_path / "b.json")
    frames = json.loads((tmp_path / "b.json").read_text())
    frames["frames"][1]["timestamp_usec"] += 10**9
    (tmp_path / "b.json").write_text(json.dumps(frames))
    for read, name in ((read_joint_table, "a.csv"), (read_azure, "b.json")):
        with pytest.raises(DataError) as caught:
            read(tmp_path / name)
        assert (caught.value.path, caught.value.field) == (str(tmp_path / name), "time")


BESIDE = {
    "trc and c3d": (write_trc, lambda folder: (folder / "wave.c3d").touch()),
    "trc and mediapipe": (write_trc, write_mediapipe),
    "trc and a table": (write_trc, write_table),
    "mediapipe and a table": (write_mediapipe, write_table),
    "openpose and trc": (write_openpose, write_trc),
    "two kinds of JSON": (write_mediapipe, write_azure),
    "openpose and another JSON": (write_openpose, write_mmpose),
}


@pytest.mark.parametrize(("first", "second"), BESIDE.values(), ids=BESIDE)
def test_recordings_of_two_formats_in_one_folder_are_not_mixed_up(
    first: Callable[[Path], Path], second: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Tables of labels and settings may lie there, and are said not to be read."""
    kind = find_format(first(tmp_path))
    (tmp_path / "labels.csv").write_text("file,label\nwave,wave\n")
    if kind == "trc":
        (tmp_path / "settings.json").write_text('{"camera": 3}')
    assert find_format(tmp_path) == kind
    options = {"fps": 30, "picture": (640, 480)} if kind == "openpose" else {}
    notes = read_clips(tmp_path, ImportConfig(**options)).notes
    assert any("1 .csv" in note and ("1 .json" in note) == (kind == "trc") for note in notes)
    second(tmp_path)
    with pytest.raises(DataError) as caught:
        find_format(tmp_path)
    assert caught.value.field == "format"
    if kind != "mediapipe" or second is not write_azure:  # of one ending, the reader takes all files
        assert read_clips(tmp_path, ImportConfig(format=kind, **options)).count == 1


def test_files_of_which_nobody_knows_whether_they_are_recordings_are_told(tmp_path: Path) -> None:
    """They do not hide recordings, although they come first: settings, arrays, files of many clips."""
    write_openpose(tmp_path)
    (tmp_path / "a.json").write_text('{"camera": 3}')
    for name in ("own.npz", "own.pkl", "one.npy"):
        (tmp_path / name).touch()
    (note,) = read_clips(tmp_path, ImportConfig(fps=30, picture=(640, 480))).notes
    assert note.endswith(": 1 .json, 1 .npy, 1 .npz, 1 .pkl")


def test_hidden_files_are_none(tmp_path: Path) -> None:
    """Copies that an editor keeps, and what macOS keeps beside a file on other disks."""
    write_trc(tmp_path)
    (tmp_path / "._wave.trc").write_bytes(b"\0\5\x16\7")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "wave-checkpoint.trc").write_text((tmp_path / "wave.trc").read_text())
    (tmp_path / ".checkpoint.c3d").touch()
    source = read_clips(tmp_path, ImportConfig())
    assert [clip.name for clip in source.clips] == ["wave"] and not source.notes


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        f"{name}_{axis}": BODY[:, joint, number]
        for joint, name in enumerate(MARKERS)
        for number, axis in enumerate("xyz")
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "wave.parquet")
    np.testing.assert_array_equal(read_joint_table(tmp_path / "wave.parquet").positions[:, 0], BODY)
    assert find_format(tmp_path) == "table"


def test_labels_from_a_table_and_from_names(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("P01_wave", "P02_kick", "P02_wave"):
        write_table(tmp_path, BODY).rename(tmp_path / "in" / f"{name}.csv")
    (tmp_path / "in" / "labels.csv").write_text(
        "file, label ,subject\nP01_wave.csv,wave,4\nP02_kick,kick,5\nP02_wave.csv,,5\n"
    )
    labels = tmp_path / "in" / "labels.csv"
    there = Path(os.path.relpath(labels))  # as no other path is spelt
    source = read_clips(tmp_path / "in", ImportConfig(units="m", layout="kinect_v1", labels=there))
    assert source.class_names == ("kick", "wave") and not source.notes
    assert [dict(clip.facts) for clip in source.clips] == [
        {"label": 1, "subject": 4},
        {"label": 0, "subject": 5},
        {"subject": 5},
    ]
    labels.write_text(
        "file,action,label\nP01_wave.csv,wave,1\nP02_kick,kick,0\nP02_wave.csv,,\nP09_wave,wave,1\n"
    )
    notes = " ".join(read_clips(tmp_path / "in", ImportConfig(units="m", labels=labels)).notes)
    assert "action" in notes and "P09_wave" in notes
    labels.unlink()
    named = read_clips(tmp_path / "in", ImportConfig(units="m", name="P{subject}_{label}"))
    assert [dict(clip.facts) for clip in named.clips] == [
        {"label": 1, "subject": 1},
        {"label": 0, "subject": 2},
        {"label": 1, "subject": 2},
    ]
    unlabelled = (tmp_path / "in" / "P02_kick.csv").rename(tmp_path / "in" / "P02_.csv")
    named = read_clips(tmp_path / "in", ImportConfig(units="m", name="P{subject}_{label}"))
    assert [dict(clip.facts) for clip in named.clips][1] == {"subject": 2}
    unlabelled.rename(tmp_path / "in" / "P02_kick.csv")
    labels.write_text("file;label;subject\n\nP01_wave;wave;P1\nP02_kick;2;P10\nP02_wave;wave;P2\n")
    with refusal(r"labels\.csv, line 3: column 'label' holds 'wave'"):
        read_clips(tmp_path / "in", ImportConfig(units="m", labels=labels))
    labels.write_text(labels.read_text().replace("2;P10", "kick;P10"))
    source = read_clips(tmp_path / "in", ImportConfig(units="m", labels=labels))
    assert [clip.facts["subject"] for clip in source.clips] == [1, 3, 2]
    assert "P1 = 1, P2 = 2, P10 = 3" in " ".join(source.notes)
    with refusal(r"P01_wave\.csv: its name does not fit the pattern 'S\{label\}'"):
        read_clips(tmp_path / "in", ImportConfig(units="m", name="S{label}"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.fbx", b"Kaydara FBX", "this looks like FBX"),
        ("x.mp4", b"", "this looks like a video"),
        ("a01_s02_e03_skeleton3D.txt", b"0 0 0 1", "this looks like MSR-Action3D"),
        (
            "x.csv",
            b"Format Version,1.23,Take Name,Walk\n\n,,Bone,Bone\n",
            "this looks like a CSV of OptiTrack Motive",
        ),
        ("x.csv", b"Trajectories\r\n100\r\n,,S:LFHD,,\r\n", "this looks like a CSV of Vicon Nexus"),
        ("x.json", b'{"images": [], "annotations": []}', "this looks like annotations of COCO"),
        (
            "x.json",
            b'{"annotations": [{"image_id": 1, "keypoints": [1, 2, 3], "category_id": 1}]}',
            "this looks like annotations of COCO",
        ),
        ("x.json", b'[[{"score": 1, "keypoints": [{"x": 1, "name": "nose"}]}]]', "TensorFlow.js.*joint"),
        ("x.json", b'[[{"box": {"x1": 0}, "keypoints": {"x": [1], "y": [2]}}]]', "Ultralytics.*joint"),
        ("x.json", b'{"0": {"body_list": [{"id": 0, "keypoint": [[0, 0, 0]]}]}}', "ZED camera.*joint"),
        ("x.json", b'[{"timestamp_ms": 0, "pose_landmarks": [[{"x": 0.5}]]}]', "this looks like .*MediaPipe"),
        ("x.json", b'[[{"x": 0.5, "y": 0.5, "z": 0, "visibility": 0.9}]]', "this looks like .*MediaPipe"),
        ("x.json", b'[{"poseWorldLandmarks": {"landmark": [{"x": 0.1}]}}]', "this looks like .*MediaPipe"),
        ("x.json", b'{"hello": 1}', "no format that is read: hello"),
        ("x.json", b'{"frames": [1,\n2', "x.json, line 2: "),
        ("x.txt", b"time,head_x,head_y,head_z\n0,1,2,3\n", r"x\.txt: .*\.csv"),
    ],
)
def test_what_is_not_read_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    for path in (tmp_path / name, tmp_path):
        with refusal(message):
            find_format(path)


def test_amass_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", poses=np.zeros((2, 156)), trans=np.zeros((2, 3)), mocap_framerate=120.0)
    with refusal(r"a\.npz: this looks like AMASS.*smpl22"):
        find_format(tmp_path / "a.npz")


def test_endings_in_capitals(tmp_path: Path) -> None:
    write_trc(tmp_path).rename(tmp_path / "WAVE.TRC")
    assert find_format(tmp_path) == "trc"
    assert [clip.name for clip in read_clips(tmp_path, ImportConfig()).clips] == ["WAVE"]


@pytest.mark.parametrize("header", ["file,lable", "file,labels,subject", "file,action", "file"])
def test_a_table_of_labels_whose_header_is_wrong(tmp_path: Path, header: str) -> None:
    file = write_table(tmp_path, BODY)
    table = tmp_path / "labels" / "all.csv"
    table.parent.mkdir()
    table.write_text(f"{header}\n{file.stem}{',1' * header.count(',')}\n")
    with pytest.raises(DataError) as refused:
        read_clips(file, ImportConfig(units="m", layout="kinect_v1", labels=table))
    assert refused.value.path == str(table)
