"""Joints of one skeleton from those of another: by name as they are, the others as the rules say."""

from pathlib import Path

import numpy as np
import pytest
from refusal import refusal

from skeleton_data.errors import DataError
from skeleton_data.layouts.joint_mapping import joint_map
from skeleton_data.layouts.joint_names import joint_keys
from skeleton_data.layouts.layout import SkeletonLayout, layout, layout_names

FACES = {"azure32", "zed34", "zed38"} | {
    "body25",
    "coco17",
    "coco133",
    "halpe26",
    "mediapipe33",
    "openpose18",
}
"""Layouts with parts of the face, which no others have."""

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("source", layout_names())
@pytest.mark.parametrize("target", layout_names())
def test_between_all_layouts(source: str, target: str) -> None:
    """Joints of the same name are untouched, others lie within those they come from; or it is refused."""
    names, wanted = layout(source).joints, layout(target).joints
    try:
        mapping = joint_map(names, wanted, derive=True)
    except DataError as error:
        assert "nor joints to derive it from" in str(error)
        few = {"hand21", "vicon39"} & {source, target}  # a hand or markers, and nobody's joints
        assert few or target in FACES
        return
    joints = RANDOM.normal(size=(5, 2, len(names), 3)).astype(np.float32)
    mapped = mapping(joints)
    assert mapped.shape == (5, 2, len(wanted), 3) and mapped.dtype == np.float32
    keys = joint_keys(names)
    for number, (name, key) in enumerate(zip(wanted, joint_keys(wanted), strict=True)):
        assert (name in mapping.derived) == (key not in keys)
        if key in keys:
            np.testing.assert_array_equal(mapped[..., number, :], joints[..., keys.index(key), :])
        else:
            sources = joints[..., [names.index(joint) for joint in mapping.derived[name]], :]
            assert (mapped[..., number, :] >= sources.min(axis=-2) - 1e-6).all()
            assert (mapped[..., number, :] <= sources.max(axis=-2) + 1e-6).all()
    for shares in mapping.weights:
        assert sum(shares.values()) == pytest.approx(1)
    used = {names[joint] for shares in mapping.weights for joint in shares}
    assert set(mapping.unused) == set(names) - used
    assert not mapping(np.zeros_like(joints)).any()  # an absent body stays absent


def test_ntu_as_kinect_v1() -> None:
    ntu = layout("ntu").joints
    mapping = joint_map(ntu, layout("kinect_v1").joints, derive=True)
    assert mapping.derived == {
        "hip_center": ("spine_base",),
        "spine": ("spine_mid",),
        "shoulder_center": ("spine_shoulder",),
    }
    assert mapping.unused == (
        "neck", "left_hand_tip", "left_thumb", "right_hand_tip", "right_thumb",
    )  # fmt: skip


def test_a_middle_is_the_mean() -> None:
    coco = layout("coco17").joints
    joints = RANDOM.normal(size=(4, 17, 3)).astype(np.float32)
    place = {name: joints[:, number] for number, name in enumerate(coco)}
    mapped = joint_map(coco, ["mid_hip", "neck", "spine"], derive=True)(joints)
    hips = (place["left_hip"] + place["right_hip"]) / 2
    shoulders = (place["left_shoulder"] + place["right_shoulder"]) / 2
    expected = np.stack([hips, shoulders, (hips + shoulders) / 2], axis=1)
    np.testing.assert_allclose(mapped, expected, atol=1e-6)


def test_names_in_any_spelling() -> None:
    mapping = joint_map(["HipLeft", "RHip", "Tail"], ["mid_hip", "left_hip"], derive=True)
    assert mapping.derived == {"mid_hip": ("HipLeft", "RHip")}
    assert mapping.unused == ("Tail",)


def test_without_derivation_each_must_be_there() -> None:
    with refusal(r"mine: no joint named neck; .*; .*option derive"):
        joint_map(["left_shoulder", "right_shoulder"], ["neck"], source="mine")
    with refusal(r"no joint named nose; it has a, b$"):
        joint_map(["a", "b"], ["nose"])
    with refusal("have the same name"):
        joint_map(["left_hip", "HipLeft", "right_hip"], ["mid_hip"], derive=True)


def test_a_joint_that_is_there_is_never_derived(shared: Path) -> None:
    names = np.load(shared / "cases" / "10_azure_names.npz")["joint_names"].tolist()
    mapping = joint_map(names, layout("ntu").joints, derive=True)
    assert (
        not {"left_hand_tip", "right_hand_tip", "spine_base"}
        - set(mapping.derived)
        - {
            "left_hand_tip",
            "right_hand_tip",
        }
    )
    assert "left_hand_tip" not in mapping.derived
    assert mapping.derived["spine_base"] == ("PELVIS",) and mapping.derived["spine_mid"] == ("SPINE_NAVEL",)


def test_joints_of_mixamo_in_another_layout(shared: Path) -> None:
    truth = np.load(shared / "cases" / "golden" / "truth.npz")
    names, kinect = truth["mixamo.bvh/labels"].tolist(), truth["mixamo.bvh/kinect_names"].tolist()
    mapping = joint_map(names, layout("kinect_v1").joints, derive=True)
    for number, joint in enumerate(layout("kinect_v1").joints):
        (source,) = mapping.weights[number]
        assert kinect[source] == joint


LIMBS = ("left_shoulder", "left_elbow", "left_wrist", "left_hip", "left_knee", "left_ankle", "left_foot")
TOOLS: dict[str, tuple[str, str]] = {
    "Xsens": (
        "Pelvis L5 L3 T12 T8 Neck Head",
        "* Upper Arm,* Fore Arm,* Hand,* Upper Leg,* Lower Leg,* Foot,* Toe",
    ),
    "Unity": ("Hips Spine Chest Neck Head", "*UpperArm,*LowerArm,*Hand,*UpperLeg,*LowerLeg,*Foot,*Toes"),
    "Unreal": (
        "pelvis spine_01 spine_02 neck_01 head",
        "upperarm_*,lowerarm_*,hand_*,thigh_*,calf_*,foot_*,ball_*",
    ),
    "Motive": ("A:Hip A:Ab A:Chest A:Neck A:Head", "A:*UArm,A:*FArm,A:*Hand,A:*Thigh,A:*Shin,A:*Foot,A:*Toe"),
    "Move.ai": (
        "Root Hips Spine Spine1 Spine2 Neck Head",
        "*Arm,*ForeArm,*Hand,*UpLeg,*Leg,*Foot,*ToeBase",
    ),
    "ARKit": (
        "root hips_joint spine_1_joint spine_2_joint spine_7_joint neck_1_joint neck_2_joint head_joint",
        "*_arm_joint,*_forearm_joint,*_hand_joint,*_upLeg_joint,*_leg_joint,*_foot_joint,*_toes_joint",
    ),
    "Rokoko": ("Hips Spine1 Spine2 Neck Head", "*Arm,*ForeArm,*Hand,*Thigh,*Shin,*Foot,*Toe"),
}
"""Names of the trunk, and of limbs in the order of `LIMBS`, as programs of motion capture write them."""


SIDES = {"Motive": ("L", "R"), "Unreal": ("l", "r"), "ARKit": ("left", "right")}
COLLARS = {"Xsens": "* Shoulder", "Unreal": "clavicle_*", "ARKit": "*_shoulder_1_joint"}


@pytest.mark.parametrize("tool", TOOLS)
def test_joints_of_motion_capture_in_another_layout(tool: str) -> None:
    """Their shoulder is the collarbone, and a limb is the joint at which it begins."""
    trunk, limbs = TOOLS[tool]
    left, right = SIDES.get(tool, ("Left", "Right"))
    pattern = [*limbs.split(","), COLLARS.get(tool, "*Shoulder")]
    names = trunk.split() + [word.replace("*", side) for side in (right, left) for word in pattern]
    kinect = layout("kinect_v1").joints
    mapping = joint_map(names, kinect, derive=True)
    for joint, limb in zip(LIMBS, limbs.split(","), strict=True):
        assert mapping.weights[kinect.index(joint)] == {names.index(limb.replace("*", left)): 1.0}
    own = SkeletonLayout.of_hierarchy("own", names, [-1] + [0] * (len(names) - 1))
    assert own.shoulders == tuple(
        names.index(limbs.split(",")[0].replace("*", side)) for side in (left, right)
    )


JOINTED: dict[str, str] = {
    "short": "nose neck *_sho *_elb *_wri *_hip *_kne *_ank",
    "glued": "nose neck *sho *elb *wri *hip *kne *ank",
    "Pose2Sim": "Hip *Hip *Knee *Ankle *BigToe *SmallToe *Heel Neck Head Nose *Shoulder *Elbow *Wrist",
    "OpenCap": (
        "Neck *Shoulder *Elbow *Wrist midHip *Hip *Knee *Ankle *BigToe *SmallToe *Heel *.ASIS_study"
        " *_knee_study *_mknee_study *_ankle_study *_mankle_study *_toe_study *_5meta_study"
        " *_calc_study *_shoulder_study"
    ),
    "Vision": (
        "root neck_1_joint head_joint *_eye_joint *_ear_joint *_shoulder_1_joint *_forearm_joint *_hand_joint"
        " *_upLeg_joint *_leg_joint *_foot_joint"
    ),
    "Nuitrack": (
        "JOINT_HEAD JOINT_NECK JOINT_TORSO JOINT_WAIST JOINT_*_COLLAR JOINT_*_SHOULDER JOINT_*_ELBOW"
        " JOINT_*_WRIST JOINT_*_HAND JOINT_*_HIP JOINT_*_KNEE JOINT_*_ANKLE"
    ),
}
"""Names of joints as trackers write them; the star is the side."""
LETTERS = {"short", "glued", "Pose2Sim", "OpenCap"}


@pytest.mark.parametrize("tool", JOINTED)
def test_joints_of_trackers_in_another_layout(tool: str) -> None:
    upper = tool in ("Pose2Sim", "OpenCap", "Nuitrack")
    left, right = ("l", "r") if tool in LETTERS else ("left", "right")
    sides = (right.upper(), left.upper()) if upper else (right, left)
    names = [
        name.replace("*", side)
        for side in sides
        for name in JOINTED[tool].split()
        if "*" in name or side == sides[0]
    ]
    order = ["shoulder", "elbow", "wrist", "hip", "knee", "ankle"]
    wanted = [f"{side}_{part}" for side in ("left", "right") for part in order]
    mapping = joint_map(names, wanted)
    called = {"Vision": ["shoulder_1", "forearm", "hand", "upleg", "leg", "foot"]}.get(tool, order)
    short = {"short", "glued"} & {tool}
    for number, part in enumerate(called):
        for side, letter in zip(("left", "right"), (sides[1], sides[0]), strict=True):
            (source,) = mapping.weights[wanted.index(f"{side}_{order[number]}")]
            found = names[source].lower()
            assert letter.lower() in found and (part[:3] if short and part != "hip" else part) in found
            assert "study" not in found and "mknee" not in found


def test_markers_of_plug_in_gait_are_no_joints_unless_derived() -> None:
    markers = layout("vicon39").joints
    with refusal("no joint named"):
        joint_map(markers, ["left_shoulder"])
    assert joint_map(markers, ["left_shoulder"], derive=True).derived


def test_fingers_as_coco_wholebody_and_mediapipe_call_them() -> None:
    whole = [
        name.replace("index_", "forefinger").replace("face_", "face-") for name in layout("coco133").joints
    ]
    for finger in ("thumb", "middle", "ring", "pinky"):
        old = f"{finger}_finger" if finger != "thumb" else finger
        whole = [name.replace(f"{finger}_", old) for name in whole]
    assert "left_forefinger1" in whole and "right_middle_finger4" in whole
    assert not joint_map(whole, layout("coco133").joints).derived
    hand = ["WRIST", *(f"THUMB_{joint}" for joint in ("CMC", "MCP", "IP", "TIP"))]
    for finger in ("INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY"):
        hand += [f"{finger}_{joint}" for joint in ("MCP", "PIP", "DIP", "TIP")]
    assert joint_map(hand, layout("hand21").joints).weights == tuple({place: 1.0} for place in range(21))
