"""Synthetic actions: configuration, files, determinism, and that classes can be told apart."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from refusal import refusal

from skeleton_data import NtuName, RawClip, SkeletonLayout, read_skeleton
from skeleton_data.layouts.layout import layout
from skeleton_data.ntu.cleaning import clean
from skeleton_data.splits.protocols import NTU60_SUBJECTS
from skeleton_data.synthetic import SyntheticConfig, generate, write_synthetic
from skeleton_data.synthetic import files as files_module
from skeleton_data.synthetic.body import rotation
from skeleton_data.synthetic.generate import performer_numbers

BASE, HEAD, WRISTS, HANDS, ANKLES, FEET = 0, 3, (6, 10), (7, 11), (14, 18), (15, 19)


# --- configuration, names, determinism


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"classes": 0}, "classes must be 1 to"),
        ({"classes": ("wave", "fly")}, "fly"),
        ({"classes": ("wave", "wave")}, "different"),
        ({"frames": (90, 40)}, "90 and 40"),
        ({"subjects": 41}, "subjects"),
        ({"colour": 1}, "colour"),
    ],
)
def test_bad_configs_name_the_field(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SyntheticConfig.model_validate(fields)


def test_classes_are_a_count_or_names() -> None:
    assert SyntheticConfig(classes=2).class_names == ("wave", "salute")
    assert SyntheticConfig.model_validate({"classes": ["2"]}).class_names == ("wave", "salute")
    assert SyntheticConfig(classes=("hug", "bow")).class_names == ("hug", "bow")


@given(st.integers(2, 40))
def test_half_of_the_performers_train(subjects: int) -> None:
    numbers = performer_numbers(subjects)
    assert len(set(numbers)) == subjects and list(numbers) == sorted(numbers)
    assert sum(number in NTU60_SUBJECTS for number in numbers) == (subjects + 1) // 2


def _clips(config: SyntheticConfig) -> dict[str, RawClip]:
    return {str(name): clip for name, clip in generate(config)}


def _equal(one: RawClip, other: RawClip) -> bool:
    return one.frames == other.frames and all(
        np.array_equal(getattr(one, field), getattr(other, field)) for field in ("frame", "body", "joints")
    )


def test_a_clip_depends_on_its_own_name_and_the_seed_alone() -> None:
    few = _clips(SyntheticConfig(classes=2, subjects=2, views=1, repeats=1, seed=5))
    many = _clips(SyntheticConfig(classes=3, subjects=4, views=2, repeats=2, seed=5))
    assert len(few) == 4 and len(many) == 48 == SyntheticConfig(classes=3, subjects=4, views=2).clips
    assert all(_equal(clip, many[name]) for name, clip in few.items())
    other = _clips(SyntheticConfig(classes=2, subjects=2, views=1, repeats=1, seed=6))
    assert few.keys() == other.keys() and not any(_equal(clip, other[name]) for name, clip in few.items())
    waves = _clips(SyntheticConfig(classes=("salute",), subjects=2, views=1, repeats=1, seed=5))
    assert all(_equal(clip, few[name.replace("A001", "A002")]) for name, clip in waves.items())


def test_the_same_config_writes_the_same_bytes_and_the_reader_reads_them(tmp_path: Path) -> None:
    config = SyntheticConfig(classes=("clap", "push"), subjects=2, views=2, repeats=1)
    for folder in ("one", "two"):
        assert write_synthetic(config, tmp_path / folder) == 8
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two and len(one) == 9
    assert one["class_names.txt"].decode().splitlines() == ["clap", "push"]
    for name, clip in generate(config):
        back = read_skeleton(tmp_path / "one" / f"{name}.skeleton")
        assert _equal(back, clip) and back.body.dtype == np.int64
        assert NtuName.parse(str(name)) == name


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = SyntheticConfig(classes=1, subjects=2, views=1, repeats=1)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note").write_text("mine")
    with refusal("full"):
        write_synthetic(config, tmp_path / "full")
    (tmp_path / "empty").mkdir()
    assert write_synthetic(config, tmp_path / "empty") == 2

    def interrupted(path: Path, clip: RawClip) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(files_module, "write_skeleton", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_synthetic(config, tmp_path / "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "full"]


# --- worth learning


def _features(clip: RawClip, skeleton: SkeletonLayout) -> np.ndarray:
    """Twenty frames, facing the viewer."""
    joints = clean(clip)
    joints = joints[np.linspace(0, len(joints) - 1, 20).round().astype(int)]
    left, right = skeleton.hips
    x, _, z = joints[0, 0, left] - joints[0, 0, right]
    joints = joints @ rotation(np.array([[0.0, np.arctan2(z, x), 0.0]]))[0].T
    both = np.zeros((20, 2, 25, 3))
    both[:, : joints.shape[1]] = joints
    return both.ravel()


def test_classes_can_be_told_apart_across_subjects() -> None:
    config = SyntheticConfig(classes=8, subjects=8, views=2, repeats=1)
    clips = list(generate(config))
    x = np.stack([_features(clip, layout("ntu")) for _, clip in clips])
    y = np.array([name.label for name, _ in clips])
    train = np.array([name.performer in NTU60_SUBJECTS for name, _ in clips])
    distance = ((x[~train, None] - x[None, train]) ** 2).sum(axis=-1)
    accuracy = (y[train][distance.argmin(axis=1)] == y[~train]).mean()
    assert accuracy > 3 / 8  # three times chance
