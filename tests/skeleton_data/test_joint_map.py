"""Joints of one skeleton from those of another: by name as they are, the others as the rules say."""

from pathlib import Path

import numpy as np
import pytest
from refusal import refusal

from skeleton_data.errors import DataError
from skeleton_data.layouts.joint_mapping import joint_map
from skeleton_data.layouts.joint_names import joint_keys
from skeleton_data.layouts.layout import layout, layout_names

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
