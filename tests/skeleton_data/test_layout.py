"""Layouts: the built-in ones are sound and those of a user are read or refused with a reason."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from refusal import refusal

from skeleton_data.layouts.joint_names import joint_key, joint_keys, match_joints, other_side
from skeleton_data.layouts.layout import SkeletonLayout, layout, layout_names

LAYOUTS = Path(__file__).parents[2] / "configs" / "layouts"

# Bones of NTU RGB+D as (joint, parent), from 1, as published with the data.
NTU_BONES = """1-2 2-21 3-21 4-3 5-21 6-5 7-6 8-7 9-21 10-9 11-10 12-11 13-1 14-13 15-14 16-15 17-1 18-17
19-18 20-19 22-23 23-8 24-25 25-12"""


def test_ntu_bones_are_the_published_ones() -> None:
    expected = {tuple(int(joint) - 1 for joint in bone.split("-")) for bone in NTU_BONES.split()}
    ntu = layout("ntu")
    assert set(ntu.bones) == expected
    assert ntu.parents[20] == -1
    assert ntu.joints[ntu.centre] == "spine_mid"


@pytest.mark.parametrize(
    ("name", "joints"),
    [
        ("ntu", 25),
        ("kinect_v1", 20),
        ("coco17", 17),
        ("openpose18", 18),
        ("body25", 25),
        ("halpe26", 26),
        ("mediapipe33", 33),
        ("smpl22", 22),
        ("h36m17", 17),
        ("azure32", 32),
        ("zed34", 34),
        ("zed38", 38),
        ("hik", 22),
        ("vicon39", 39),
        ("coco133", 133),
        ("hand21", 21),
    ],
)
def test_built_in_layouts(name: str, joints: int) -> None:
    skeleton = layout(name)
    assert skeleton.name == name
    assert len(skeleton.joints) == joints
    assert sum(parent < 0 for parent in skeleton.parents) == 1
    mirror = np.array(skeleton.mirror)
    assert (mirror[mirror] == np.arange(joints)).all()
    keys = joint_keys(skeleton.joints)
    for left, right in [*skeleton.pairs, *(pair for pair in (skeleton.shoulders, skeleton.hips) if pair)]:
        if not skeleton.joints[left].startswith("face_"):
            assert "left" in keys[left]
            assert keys[right] == other_side(keys[left])
    assert sum("left" in key for key in keys) <= len(skeleton.pairs)
    # Left and right have the same bones, and a joint in the middle is nobody's pair.
    assert {(mirror[joint], mirror[parent]) for joint, parent in skeleton.bones} == set(skeleton.bones)
    assert sorted(joint for part in skeleton.parts.values() for joint in part) == list(range(joints))


def test_all_built_in_layouts_are_tested() -> None:
    assert len(layout_names()) == 16


def test_unknown_layout_names_the_choices() -> None:
    with refusal(r"no layout 'ntv': choose from azure32, .* or give a \.toml"):
        layout("ntv")


MINE = """
name = "mine"
centre = "belly"
joints = [["belly", ""], ["left_shoulder", "belly"], ["right_shoulder", "belly"], ["left_hip", "belly"],
          ["right_hip", "belly"]]
"""


def test_a_users_layout_needs_little(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    mine = layout(str(path))
    assert mine.pairs == ((1, 2), (3, 4))
    assert mine.shoulders == (1, 2)
    assert mine.hips == (3, 4)
    assert mine.parts == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('centre = "belly"', 'centre = "bely"', "'bely' is not one of the joints belly, left_shoulder"),
        ('centre = "belly"', "", "None is not one of the joints"),
        ('["belly", ""]', '["belly", "left_hip"]', "the parents of 'belly' form a cycle"),
        (
            '["right_hip", "belly"]',
            '["RightHip", "belly"], ["hip_right", "belly"]',
            "are not 6 different names",
        ),
        ("joints = [[", 'hips = ["left_hip", "hip"]\njoints = [[', "'hip' is not one of"),
        ('["left_hip", "belly"]', '["left_hip", "belly"], ["LeftHip", "belly"]', "are not 6 different names"),
        ('["left_hip", "belly"]', '["left_hip"]', "'joints' must hold pairs of names"),
        (
            "joints = [[",
            'parts = {all = ["belly"]}\njoints = [[',
            "must hold each of its 5 joints exactly once",
        ),
        ("joints = [[", "parts = 3\njoints = [[", "'parts' must be a table"),
        ("joints = [[", 'shoulders = ["belly"]\njoints = [[', "'shoulders' must hold pairs of names"),
        ("joints = [[", "colour = 3\njoints = [[", "colour: "),
        ("joints = [[", "joints = [", "at line 4"),
        (MINE, 'name = "mine"', "'joints' must be a list"),
    ],
)
def test_a_wrong_layout_is_refused_with_its_file(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE.replace(old, new))
    with refusal(message) as error:
        SkeletonLayout.from_toml(path)
    assert str(error.value).startswith(str(path))


def test_a_missing_layout_file(tmp_path: Path) -> None:
    with refusal(r"none\.toml:"):
        layout(str(tmp_path / "none.toml"))


def test_spellings_of_one_joint() -> None:
    spellings = [
        "ElbowLeft",
        "left_elbow",
        "LEFT_ELBOW",
        "elbow-left",
        "leftelbow",
        "elbow l",
        "LElbow",
        "Elbow_L",
    ]
    assert {joint_key(name) for name in spellings} == {("elbow", "left")}
    assert joint_key("ShoulderCenter") == joint_key("shoulder_centre") == joint_key("CENTER shoulder")
    assert joint_key("spine1") != joint_key("spine2")
    assert joint_key("LeftHand") != joint_key("LeftHandTip")
    long = "forefinger" * 60 + "x"  # it could be split in 2^60 ways, and none of them fits
    assert joint_key(long) == (long,)


SPELT: dict[str, Callable[[str], str]] = {
    "glued": lambda name: name.replace("_", ""),
    "in capitals": lambda name: name.replace("_", "").upper(),
    "in camel case": lambda name: name.title().replace("_", ""),
    "with a letter for the side": lambda name: re.sub("^(l|r)(eft|ight)_", r"\1", name).replace("_", ""),
    "with a capital before words": lambda name: re.sub(
        "^(left|right)_", lambda side: side[1][0].upper(), name
    ),
    "with the side behind": lambda name: re.sub("^(l|r)(eft|ight)_(.*)", r"\3_\1", name),
}


@pytest.mark.parametrize("name", layout_names())
@pytest.mark.parametrize("spelling", SPELT)
def test_every_joint_is_found_however_it_is_spelt(spelling: str, name: str) -> None:
    joints = layout(name).joints
    assert match_joints([SPELT[spelling](joint) for joint in joints], joints) == tuple(range(len(joints)))


@pytest.mark.parametrize("name", layout_names())
def test_no_two_joints_of_a_layout_are_spellings_of_one(name: str) -> None:
    joints = layout(name).joints
    assert match_joints(joints[::-1], joints) == tuple(reversed(range(len(joints))))


def test_missing_and_double_joints_are_named() -> None:
    with refusal(r"mine: no joint named left_hip, head; it has neck"):
        match_joints(["neck"], ["neck", "left_hip", "head"], source="mine")
    with refusal("joints 'HipLeft' and 'left_hip' have the same name"):
        match_joints(["HipLeft", "neck", "left_hip"], ["neck"])


@pytest.mark.parametrize("path", sorted(LAYOUTS.glob("*.toml")), ids=lambda path: path.stem)
def test_layouts_of_the_recipes_can_be_read(path: Path) -> None:
    assert SkeletonLayout.from_toml(path).name == path.stem


CAMEL = """
name = "camel"
centre = "SpineBase"
joints = [["SpineBase", ""], ["ShoulderLeft", "SpineBase"], ["ShoulderRight", "SpineBase"],
          ["l_wrist", "ShoulderLeft"], ["RWrist", "ShoulderRight"], ["HipLeft", "SpineBase"],
          ["HipRight", "SpineBase"]]
"""


def test_pairs_are_found_in_any_spelling(tmp_path: Path) -> None:
    path = tmp_path / "camel.toml"
    path.write_text(CAMEL)
    camel = layout(str(path))
    assert camel.pairs == ((1, 2), (3, 4), (5, 6))
    assert camel.facing() == ((1, 2), (5, 6))


def test_a_hand_has_neither_sides_nor_a_heading() -> None:
    hand = layout("hand21")
    assert hand.shoulders is None and hand.hips is None and hand.pairs == ()
    with refusal("'hand21' has no shoulders and hips"):
        hand.facing()


def test_other_names_of_a_layout() -> None:
    assert layout("openpose25") == layout("body25") and layout("mixamo") == layout("hik")


@pytest.mark.parametrize("prefix", ["JOINT_", "mixamorig:", "Anna:", "skel "])
def test_what_all_names_begin_with_does_not_count(prefix: str) -> None:
    joints = layout("ntu").joints
    assert match_joints([prefix + joint for joint in joints], joints) == tuple(range(25))


def test_limbs_of_human_ik_are_the_joints_where_they_begin() -> None:
    """LeftShoulder is the collarbone, not the shoulder joint."""
    hik = [f"mixamorig:{name.title().replace('_', '')}" for name in layout("hik").joints]
    found = match_joints(
        hik, ["left_shoulder", "left_elbow", "left_wrist", "right_hip", "right_ankle", "left_foot"]
    )
    named = [hik[joint].partition(":")[2] for joint in found]
    assert named == ["LeftArm", "LeftForeArm", "LeftHand", "RightUpLeg", "RightFoot", "LeftToeBase"]


def test_the_case_files(shared: Path) -> None:
    camel = SkeletonLayout.from_toml(shared / "cases" / "02_camel.toml")
    assert len(camel.pairs) == 6 and {camel.joints[left][-4:] for left, _ in camel.pairs} == {"Left"}
    hand = SkeletonLayout.from_toml(shared / "cases" / "11_hand21.toml")
    assert hand.joints == layout("hand21").joints and hand.pairs == ()
