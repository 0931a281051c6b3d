"""An import measures what it reads, refuses what cannot be right, and names the option."""

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from refusal import refusal

from skeleton_data import (
    DataError,
    ImportConfig,
    SkeletonLayout,
    SkeletonStore,
    Up,
    check_plausible,
    import_clips,
    layout,
    layout_names,
    turn_upright,
)
from skeleton_data.importing.anatomy import Trunk
from skeleton_data.importing.importer import Imported, verify_clips

JOINTS = layout("kinect_v1").joints


def person(frames: int = 6) -> np.ndarray:
    """Joints (T, V, 3) of one who stands, faces +z and has its left at +x, in metres."""
    heights = {"head": 1.7, "shoulder": 1.45, "elbow": 1.2, "wrist": 1.0, "hand": 0.9, "spine": 1.2}
    heights |= {"hip": 0.95, "knee": 0.5, "ankle": 0.1, "foot": 0.05}
    pose = np.zeros((20, 3), np.float32)
    for number, joint in enumerate(JOINTS):
        part = next(word for word in heights if word in joint)
        side = 0.2 * (joint.startswith("left") - joint.startswith("right"))
        pose[number] = (side, heights[part], 3 + 0.15 * (part == "foot"))
    return np.repeat(pose[None], frames, axis=0)


def bring_in(folder: Path, positions: np.ndarray, **config: Any) -> Imported:
    names: dict[str, Any] = {"joint_names": JOINTS, "fps": 30.0, "label": [1, 0], "subject": [1, 2]}
    np.savez(folder / "mine.npz", positions_m=positions, offsets=[0, 2, len(positions)], **names)
    given = ImportConfig(layout="kinect_v1", **config)
    verified = verify_clips(folder / "mine.npz", given)
    done = import_clips(folder / "mine.npz", folder / "s", given, overwrite=True)
    assert verified == done
    return done


def test_a_person_who_stands_is_told_without_a_warning(tmp_path: Path) -> None:
    done = bring_in(tmp_path, person())
    report = "\n".join(done.report)
    assert "measures 1.65 m" in report and "above hips in 100%" in report and "layout in 100%" in report
    assert "30 frames per second" in report and "labelled: 2 of 2 clips, 2 classes, 2 subjects" in report
    assert done.warnings == ()


def test_clips_of_more_than_one_person_are_counted(tmp_path: Path) -> None:
    positions = np.stack([person(), np.zeros((6, 20, 3), np.float32)], axis=1)
    assert not any(line.startswith("people:") for line in bring_in(tmp_path, positions).report)
    positions[3:, 1] = person(3) + np.float32([1, 0, 0])
    assert "people: 1 of 2 clips" in "\n".join(bring_in(tmp_path, positions).report)


def test_the_table_of_classes_and_subjects_counts_clips_without_either(tmp_path: Path) -> None:
    facts = {"label": [1, 0, -1, -1], "subject": [1, 2, 2, -1], "class_names": ["clap", "wave"]}
    names: dict[str, Any] = {"joint_names": JOINTS, "fps": 30.0}
    np.savez(tmp_path / "mine.npz", positions_m=person(8), offsets=[0, 2, 4, 6, 8], **names, **facts)
    report = verify_clips(tmp_path / "mine.npz", ImportConfig(layout="kinect_v1")).report
    rows = [line.rsplit(maxsplit=3) for line in report[-4:]]
    assert [(name.strip(), *counts) for name, *counts in rows] == [
        ("subject", "1", "2", "none"),
        ("clap", "0", "1", "0"),
        ("wave", "1", "0", "0"),
        ("no label", "0", "1", "1"),
    ]


@pytest.mark.parametrize("factor", [1000, 100, 0.001])
def test_other_units_are_refused(tmp_path: Path, factor: float) -> None:
    with refusal(r"mine\.npz: a body measures .* option units, .*option insist"):
        bring_in(tmp_path, person() * factor)
    assert bring_in(tmp_path, person() * factor, insist=True).clips == 2


def test_heads_under_hips_are_refused_and_up_mends_them(tmp_path: Path) -> None:
    upside_down = person() * np.array([1, -1, -1], np.float32)
    with refusal(r"above hips in 0% of frames.* option up=-y"):
        bring_in(tmp_path, upside_down)
    assert bring_in(tmp_path, upside_down, up="-y").warnings == ()
    np.testing.assert_array_equal(SkeletonStore.open(tmp_path / "s").read(0)[:, 0], person(2))


def test_people_who_lie_along_another_axis_are_doubtful(tmp_path: Path) -> None:
    x, y, z = np.moveaxis(person(), -1, 0)
    lying = np.stack([x, -z, y], axis=-1)
    assert any("option up=z" in warning for warning in bring_in(tmp_path, lying).warnings)
    assert bring_in(tmp_path, lying, up="z").warnings == ()


@pytest.mark.parametrize("said", get_args(Up))
@pytest.mark.parametrize("true", get_args(Up))
def test_the_axis_that_is_advised_is_one_of_the_file_and_mends_it(tmp_path: Path, said: Up, true: Up) -> None:
    """Whatever axis was taken to point up, by an option or by the format."""
    to_file = np.linalg.inv(turn_upright(np.eye(3, dtype=np.float32), true)).astype(np.float32)
    lying = person() @ to_file
    try:
        advice = bring_in(tmp_path, lying, up=said).warnings
    except DataError as error:
        advice = (str(error),)
    assert bool(advice) == (said != true)
    assert all(f"the option up={true}" in each for each in advice)
    assert bring_in(tmp_path, lying, up=true).warnings == ()


@pytest.mark.parametrize("name", sorted(set(layout_names()) - {"hand21"}))
def test_of_every_layout_with_hips_it_is_seen_what_points_up(name: str) -> None:
    skeleton = layout(name)
    standing = np.zeros((2, 1, len(skeleton.joints), 3), np.float32)
    standing[..., 0] = np.arange(len(skeleton.joints))  # no joint is at zero
    trunk = Trunk.of(skeleton)
    assert trunk is not None
    standing[:, :, list(trunk.upper), 1], standing[..., 0] = 1.5, 0
    standing[:, :, list(trunk.lower), 1] = 0.9
    with refusal("heads are above hips in 0% of frames.*option up=-y"):
        check_plausible(standing * np.float32([1, -1, 1]), skeleton, "it")


def test_of_legs_alone_hips_are_above_feet(tmp_path: Path) -> None:
    names = ["LASI", "RASI", "LKNE", "RKNE", "LANK", "RANK", "LTOE", "RTOE"]
    rows = [[each, ""] for each in names]
    text = f'name = "legs"\ncentre = "LASI"\nhips = ["LASI", "RASI"]\njoints = {json.dumps(rows)}\n'
    (tmp_path / "legs.toml").write_text(text)
    pose = np.array([[-0.1, 0.9, 0], [0.1, 0.9, 0], [-0.1, 0.5, 0], [0.1, 0.5, 0]], np.float32)
    pose = np.concatenate([pose, pose * [1, 0.1, 1], pose * [1, 0, 1] + [0, 0.05, -0.2]]).astype(np.float32)
    legs = SkeletonLayout.from_toml(tmp_path / "legs.toml")
    clip = np.repeat(pose[None, [0, 1, 2, 3, 4, 5, 8, 9]], 3, axis=0)[:, None]
    check_plausible(clip, legs, "it")
    with refusal("hips are above feet in 0% of frames.*option up=-y"):
        check_plausible(clip * np.float32([1, -1, -1]), legs, "it")


def test_people_in_a_picture_who_are_not_seen_whole_are_seen_upside_down(tmp_path: Path) -> None:
    pixels = person()[..., :2] * 200 + [320, 100]
    pixels[:, JOINTS.index("left_foot")] = np.nan
    assert any("below hips" in warning for warning in in_picture(tmp_path, pixels).warnings)


def test_clips_that_were_taken_for_people_are_doubtful(tmp_path: Path) -> None:
    """Many people are there throughout only where the second axis is that of frames."""
    clips = np.stack([person(12) + np.float32([0, 0, number]) for number in range(5)])  # (N, T, V, 3)
    np.save(tmp_path / "clips.npy", clips)
    config = ImportConfig(layout="kinect_v1", units="m", fps=30)
    assert any("12 people" in warning for warning in verify_clips(tmp_path / "clips.npy", config).warnings)
    clips[2, 5:] = 0  # some leave
    np.save(tmp_path / "clips.npy", clips)
    assert not any(
        "people are" in warning for warning in verify_clips(tmp_path / "clips.npy", config).warnings
    )


def test_a_body_that_is_too_small_to_stand_is_doubtful(tmp_path: Path) -> None:
    (warning,) = bring_in(tmp_path, person() / 2.54).warnings  # inches that were taken for centimetres
    assert "measures 0.65 m" in warning and "option units" in warning


def test_bodies_that_a_tracker_has_lost_do_not_count_as_small(tmp_path: Path) -> None:
    """All joints of such a body lie in one point."""
    standing = person(frames=12)
    standing[4:] = standing[4:, :1]
    assert "measures 1.65 m" in "\n".join(bring_in(tmp_path, standing).report)


def test_frames_before_somebody_comes_are_told(tmp_path: Path) -> None:
    late = person(60)
    late[2:22] = 0  # of the second clip, which begins with frame 2
    (warning,) = bring_in(tmp_path, late).warnings
    assert "0.67 s at the beginning or the end of 1 of 2 clips" in warning and "cut" in warning
    late[12:22] = person(10)  # a third of a second is nothing
    assert bring_in(tmp_path, late).warnings == ()


def test_classes_that_differ_in_capitals_are_told(tmp_path: Path) -> None:
    names = {"joint_names": JOINTS, "fps": 30.0, "label": [1, 0], "class_names": ["Wave", "wave"]}
    np.savez(tmp_path / "mine.npz", positions_m=person(), offsets=[0, 2, 6], **names)
    done = verify_clips(tmp_path / "mine.npz", ImportConfig(layout="kinect_v1"))
    assert "classes 'Wave' and 'wave' are two" in " ".join(done.warnings)


def test_a_joint_that_is_far_from_its_body_is_told(tmp_path: Path) -> None:
    far = person(12)
    far[3:5, JOINTS.index("left_hand")] = -999
    (warning,) = bring_in(tmp_path, far).warnings
    assert "in 2 frames of 1 of 2 clips a joint (left_hand) is more than 5 m away" in warning


MIRROR = np.float32([-1, 1, 1])


def test_mirrored_sides_are_refused_where_many_frames_show_them(tmp_path: Path) -> None:
    (warning,) = bring_in(tmp_path, person() * MIRROR).warnings
    assert "mirrored in 100% of frames" in warning
    with refusal("mirrored in 100% of frames.*option insist"):
        bring_in(tmp_path, person(60) * MIRROR)
    (warning,) = bring_in(tmp_path, person(60) * MIRROR, insist=True).warnings
    assert "mirrored in 100% of frames" in warning


def test_sides_that_some_frames_contradict_are_doubtful(tmp_path: Path) -> None:
    noisy = person(100) * MIRROR
    noisy[90:] *= MIRROR
    (warning,) = bring_in(tmp_path, noisy).warnings
    assert "mirrored in 90% of frames" in warning
    lying = (person(60) * MIRROR)[..., [0, 2, 1]]
    assert not any("mirrored" in warning for warning in bring_in(tmp_path, lying).warnings)
    names = [name for name in JOINTS if "foot" not in name]  # nothing tells which way they face
    np.savez(
        tmp_path / "legs.npz",
        positions_m=(person(60) * MIRROR)[:, [JOINTS.index(name) for name in names]],
        offsets=[0, 60],
        joint_names=names,
        fps=30.0,
    )
    report = verify_clips(tmp_path / "legs.npz", ImportConfig(layout="kinect_v1", derive=True)).report
    assert not any("left and right" in line for line in report)


def test_the_case_files(shared: Path, tmp_path: Path) -> None:
    millimetres = shared / "cases" / "14_millimetres_said_metres.npz"
    with refusal(r"14_.*measures .*option units"):
        import_clips(millimetres, tmp_path / "s", ImportConfig(layout="ntu"))
    with refusal("a body measures 0 m"):
        import_clips(shared / "cases" / "12_point.npz", tmp_path / "s", ImportConfig(layout="ntu"))
    done = import_clips(shared / "cases" / "11_hand21.npz", tmp_path / "s", ImportConfig(layout="hand21"))
    assert done.clips == 8


def in_picture(folder: Path, pixels: np.ndarray, **config: Any) -> Imported:
    names: dict[str, Any] = {"joint_names": JOINTS, "fps": 30.0, "picture": [640, 480], "label": [0]}
    np.savez(folder / "flat.npz", positions_px=pixels, offsets=[0, len(pixels)], **names)
    return verify_clips(folder / "flat.npz", ImportConfig(layout="kinect_v1", **config))


def test_fractions_of_a_picture_are_no_pixels_and_what_is_doubtful_is_told(tmp_path: Path) -> None:
    """A joint that was not measured has no place, and its body no other size."""
    pixels = person()[..., :2] * [200, -200] + [320, 440]
    pixels[:, JOINTS.index("left_hand")] = np.nan
    done = in_picture(tmp_path, pixels)
    assert any(line.startswith(f"size: a body measures {330 / 640:.2f}") for line in done.report)
    assert len(done.warnings) == 1 and "left_hand" in done.warnings[0]
    with refusal(r"flat\.npz: a body measures 0\.00.* fractions"):
        in_picture(tmp_path, pixels / [640, 480])
    assert in_picture(tmp_path, pixels / [640, 480], insist=True).clips == 1
    assert any("option picture" in warning for warning in in_picture(tmp_path, 3 * pixels).warnings)
    with refusal(r"flat\.npz: a body measures .* option picture"):
        in_picture(tmp_path, 20 * pixels)
    pixels = np.nan_to_num(person()[..., :2] * 200 + [320, 100])
    assert any("below hips" in warning for warning in in_picture(tmp_path, pixels).warnings)
