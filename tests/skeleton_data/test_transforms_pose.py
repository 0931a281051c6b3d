"""Rotation, origin, heading and streams of batches, against loops over clips."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skeleton_data.layouts.layout import layout, layout_names
from skeleton_data.transforms import (
    bone,
    heading_matrix,
    motion,
    move_origin,
    presence,
    rotate,
    rotation_matrix,
    to_stream,
)

angles = st.floats(-math.pi, math.pi)
NTU = layout("ntu")


def clips(n=3, t=5, v=25, m=2, seed=0, dtype=torch.float64):
    return torch.randn(n, 3, t, v, m, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_rotation_matrices_are_the_reference_ones(shared):
    golden = np.load(shared / "golden" / "feeder_golden.npz", allow_pickle=False)
    ours = rotation_matrix(torch.from_numpy(golden["rotation/angles_xyz"]))
    np.testing.assert_allclose(ours, golden["rotation/matrices"], atol=1e-6)


@given(angles, angles, angles)
def test_rotation_turns_about_x_then_y_then_z(x, y, z):
    def about(axis, angle):  # by the right-hand rule, the other two axes in cyclic order
        matrix = np.eye(3)
        first, second = (axis + 1) % 3, (axis + 2) % 3
        matrix[first, first] = matrix[second, second] = math.cos(angle)
        matrix[second, first], matrix[first, second] = math.sin(angle), -math.sin(angle)
        return matrix

    matrix = rotation_matrix(torch.tensor([[x, y, z]], dtype=torch.float64))[0].numpy()
    np.testing.assert_allclose(matrix, about(2, -z) @ about(1, -y) @ about(0, -x), atol=1e-12)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)


def test_rotate_is_a_product_for_every_joint():
    joints, matrix = clips(), torch.randn(3, 3, 3, dtype=torch.float64)
    turned = rotate(joints, matrix)
    for clip in range(3):
        for frame in range(5):
            for body in range(2):
                slow = matrix[clip] @ joints[clip, :, frame, :, body]
                torch.testing.assert_close(turned[clip, :, frame, :, body], slow)


def test_origin_is_the_first_body_in_its_first_frame():
    joints = clips()
    joints[0, :, :2, :, 0] = 0  # body 0 comes in the third frame
    joints[1, :, 3:, :, 1] = 0  # body 1 leaves
    joints[2, :, :, :, 0] = 0  # no body 0 at all
    moved = move_origin(joints, centre=4)
    for clip, first in ((0, 2), (1, 0)):
        place = joints[clip, :, first, 4, 0]
        for frame in range(5):
            for body in range(2):
                pose = joints[clip, :, frame, :, body]
                slow = pose - place[:, None] if pose.any() else pose
                torch.testing.assert_close(moved[clip, :, frame, :, body], slow)
    assert torch.equal(moved[2], joints[2])


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_origin_does_not_depend_on_where_the_clip_was(x, z):
    joints = clips(n=1)
    shifted = joints + torch.tensor([x, 0.3, z], dtype=torch.float64).view(1, 3, 1, 1, 1)
    torch.testing.assert_close(move_origin(shifted, centre=1), move_origin(joints, centre=1))


def test_presence():
    joints = clips()
    joints[1, :, 2, :, 1] = 0
    joints[2, :, 0, :-1, 0] = 0  # one joint is enough
    expected = torch.ones(3, 5, 2, dtype=torch.float64)
    expected[1, 2, 1] = 0
    assert torch.equal(presence(joints), expected)


def test_heading_is_along_x_and_level():
    joints = clips()
    joints[1, :, 0, :, 0] = 0  # counts from the second frame there
    forward = heading_matrix(joints, NTU.shoulders, NTU.hips)
    turned = rotate(joints, forward)
    torch.testing.assert_close(turned[:, 1], joints[:, 1])  # height stays
    for clip, first in enumerate((0, 1, 0)):
        pose = turned[clip, :, first, :, 0]
        line = sum(pose[:, left] - pose[:, right] for left, right in (NTU.shoulders, NTU.hips))
        assert line[0] > 0 and abs(line[2]) < 1e-12
        assert torch.linalg.det(forward[clip]).item() == pytest.approx(1)


@given(angles)
def test_heading_does_not_depend_on_where_the_clip_faced(angle):
    joints = clips(n=1)
    turned = rotate(joints, rotation_matrix(torch.tensor([[0.0, angle, 0.0]], dtype=torch.float64)))
    once, twice = (rotate(x, heading_matrix(x, NTU.shoulders, NTU.hips)) for x in (joints, turned))
    torch.testing.assert_close(once, twice)


def test_a_lying_or_absent_body_has_no_heading():
    upright = torch.zeros(2, 3, 4, 25, 1)
    upright[0, 1] = torch.arange(25.0)[:, None]  # all joints on one vertical line
    assert torch.equal(heading_matrix(upright, NTU.shoulders, NTU.hips), torch.eye(3).expand(2, 3, 3))


@pytest.mark.parametrize("name", layout_names())
def test_bones_of_every_layout(name):
    skeleton = layout(name)
    joints = clips(v=len(skeleton.joints))
    bones = bone(joints, skeleton.parents)
    for joint, parent in enumerate(skeleton.parents):
        expected = joints[:, :, :, joint] - joints[:, :, :, parent] if parent >= 0 else 0 * joints[:, :, :, 0]
        assert torch.equal(bones[:, :, :, joint], expected)


def test_motion_is_the_step_to_the_next_frame():
    joints = clips()
    steps = motion(joints)
    for frame in range(4):
        assert torch.equal(steps[:, :, frame], joints[:, :, frame + 1] - joints[:, :, frame])
    assert not steps[:, :, 4].any() and not motion(joints[:, :, :1]).any()


def test_streams():
    joints = clips()
    assert to_stream(joints, "joint", NTU) is joints
    assert torch.equal(to_stream(joints, "bone", NTU), bone(joints, NTU.parents))
    assert torch.equal(to_stream(joints, "motion", NTU), motion(joints))
    torch.testing.assert_close(to_stream(joints, "bone_motion", NTU), bone(motion(joints), NTU.parents))
