"""UTKinect-Action3D: which frames an action has, and what labels must say."""

from pathlib import Path

import numpy as np
import pytest
from refusal import refusal
from sample_sets import KINDS, UCLA, bring_in


def test_ut_kinect(tmp_path: Path) -> None:
    store = bring_in("ut-kinect", tmp_path)
    assert [store.name(clip) for clip in range(len(store))] == [
        "s01_e01_walk",
        "s01_e01_clapHands",
        "s10_e02_walk",
    ]
    assert store.index.label.tolist() == [0, 9, 0]
    assert store.index.subject.tolist() == [1, 1, 10]
    assert store.index.replication.tolist() == [1, 1, 2]
    assert store.layout.name == "kinect_v1"
    assert store.class_names[9] == "clapHands" and len(store.class_names) == 10
    for clip, frames in ((0, (8, 9, 10)), (1, (11, 13, 14, 15, 16)), (2, (7, 8, 9))):
        expected = [UCLA[0][0] + np.float32(frame / 100) for frame in frames]
        np.testing.assert_allclose(store.read(clip)[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        ("walk: 8 10", "line 1.*walk"),
        ("s01_e01\nfly: 8 10", "line 2.*fly"),
        ("s01_e01\nwalk: 8", "line 2.*walk: 8"),
        ("s10_e02\nwalk: 8 10", "joints_s01_e01.*no s01_e01"),
        ("s01_e01\nwalk: 80 90\ns10_e02\nwalk: 7 9", "joints_s01_e01.*walk.*80 to 90"),
        (None, "actionLabel.* option labels"),
    ],
)
def test_labels_of_ut_kinect(tmp_path: Path, labels: str | None, named: str) -> None:
    source = KINDS["ut-kinect"].write(tmp_path)
    file = tmp_path / "actionLabel.txt"
    file.unlink() if labels is None else file.write_text(labels)
    with refusal(named):
        bring_in("ut-kinect", tmp_path, source)
