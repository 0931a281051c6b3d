"""A folder of stores is imported as one data set: two devices, or two sessions."""

from pathlib import Path

import numpy as np
import pytest

from skeleton_data import DataError, ImportConfig, SkeletonStore, StoreWriter, import_clips, layout

BODY = np.array(
    [
        [0.1 * number, 1.6 if joint == "head" else 1.0, 0]
        for number, joint in enumerate(layout("kinect_v1").joints)
    ]
)


def write(path: Path, classes: tuple[str, ...], labels: list[int], **options: object) -> None:
    given = {"layout": layout("kinect_v1"), "fps": 30, **options}
    count = len(given["layout"].joints)  # type: ignore[attr-defined]
    with StoreWriter(path, class_names=classes, **given) as writer:  # type: ignore[arg-type]
        for number, label in enumerate(labels):
            clip = np.resize(BODY, (4, 1, count, 3)) + number
            writer.add(clip, name=f"take{number}", label=label, subject=number + 1)


def test_classes_are_joined_by_name_and_subjects_by_number(tmp_path: Path) -> None:
    write(tmp_path / "both/kinect", ("squat", "wave"), [1, 0])
    write(tmp_path / "both/phone", ("clap", "wave"), [1, -1, 0], fps=15)
    write(tmp_path / "both/unlabelled", (), [-1])
    with pytest.raises(DataError, match="resample"):
        import_clips(tmp_path / "both", tmp_path / "one", ImportConfig())
    import_clips(tmp_path / "both", tmp_path / "one", ImportConfig(resample=30))
    one = SkeletonStore.open(tmp_path / "one")
    labels = one.index.label.tolist()
    assert [
        (one.name(clip), *one.class_names[label:][:1] * (label >= 0)) for clip, label in enumerate(labels)
    ] == [
        ("kinect/take0", "wave"),
        ("kinect/take1", "squat"),
        ("phone/take0", "wave"),
        ("phone/take1",),
        ("phone/take2", "clap"),
        ("unlabelled/take0",),
    ]
    assert one.index.subject.tolist() == [1, 2, 1, 2, 3, 1]
    np.testing.assert_array_equal(one.read(1), SkeletonStore.open(tmp_path / "both/kinect").read(1))
    assert one.index.frames.tolist() == [4, 4, 7, 7, 7, 4]


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"layout": layout("ntu")}, "layout"),
        ({"units": "picture"}, "units"),
        ({"units": "picture", "layout": layout("ntu")}, "units"),
        ({"classes": ()}, None),
    ],
)
def test_stores_that_do_not_go_together(tmp_path: Path, other: dict[str, object], field: str | None) -> None:
    write(tmp_path / "both/a", ("squat",), [0])
    write(tmp_path / "both/b", **{"classes": ("squat",), "labels": [0], **other})  # type: ignore[arg-type]
    with pytest.raises(DataError) as caught:
        import_clips(tmp_path / "both", tmp_path / "one", ImportConfig())
    assert (caught.value.path, caught.value.field) == (str(tmp_path / "both/b"), field)
    assert not (tmp_path / "one").exists()
