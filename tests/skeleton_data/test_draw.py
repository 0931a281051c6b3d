"""Pictures of skeletons: what is drawn where and in which colour."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from PIL import Image
from refusal import refusal

from skeleton_data.draw.gif import draw_gif
from skeleton_data.draw.slots import DOTS, INCH, LEFT, MASKED, MIDDLE, REBUILT, RIGHT, SHADOW, Slots
from skeleton_data.draw.strip import draw_strip, viewpoint
from skeleton_data.layouts.layout import layout, layout_names
from skeleton_data.synthetic.body import rotation
from skeleton_data.synthetic.catalogue import ACTIONS, NAMES
from skeleton_data.synthetic.performer import Performer
from skeleton_data.synthetic.stage import perform

NTU = layout("ntu")


def clip(name: str, frames: int = 20) -> np.ndarray:
    """(T, M, V, 3) of somebody who faces positive z."""
    generator = np.random.default_rng(3)
    performers = Performer.sample(generator), Performer.sample(generator)
    people = perform(ACTIONS[NAMES.index(name)], *performers, (frames, frames), generator)
    return np.stack(people, axis=1)


def share(path: Path, colour: str) -> float:
    """Share of the pixels of a picture that have a colour."""
    pixels = imread(path)[..., :3]
    return float((np.abs(pixels - to_rgb(colour)).max(axis=-1) < 0.01).mean())


def test_rows_of_original_masked_and_rebuilt(tmp_path: Path) -> None:
    original = clip("wave")
    visible = np.ones((20, 25), dtype=bool)
    visible[::2] = False
    visible[:, 5:] = False
    rows = {
        "original": original[:, 0],
        "masked": original[:, 0],
        "reconstructed\nby a model": original[:, 0] + 0.03,
    }
    masks = {"masked": visible, "reconstructed\nby a model": visible}
    path = tmp_path / "strip.png"
    draw_strip(path, rows, NTU, masks, reconstructed=["reconstructed\nby a model"], title="wave")
    picture = imread(path)
    assert picture.shape[0] == pytest.approx(DOTS * INCH * 3.6, abs=2)
    assert picture.shape[1] > picture.shape[0]
    for colour in (LEFT, RIGHT, MIDDLE, MASKED, REBUILT, SHADOW):
        assert share(path, colour) > 1e-4, colour


def test_colours_appear_only_where_they_mean_something(tmp_path: Path) -> None:
    original = clip("wave")
    path = tmp_path / "strip.png"
    draw_strip(path, {"original": original}, NTU)
    with refusal("exists; it will not be replaced"):
        draw_strip(path, {"original": original}, NTU, overwrite=False)
    assert share(path, LEFT) > 1e-3 and share(path, RIGHT) > 1e-3
    assert share(path, REBUILT) == 0
    left_only = np.zeros((20, 25), dtype=bool)
    left_only[:, [left for left, _ in NTU.pairs]] = True
    legend = 0.0015  # the legend names both sides in every picture
    draw_strip(path, {"original": original}, NTU, {"original": left_only})
    assert share(path, LEFT) > 2 * legend > 2 * share(path, RIGHT)


def test_more_rows_and_frames_make_a_larger_picture_of_the_same_scale(tmp_path: Path) -> None:
    original = clip("bow")[:, 0]
    sizes = {}
    for rows, frames in ((1, 4), (2, 4), (2, 8)):
        draw_strip(tmp_path / "strip.png", {str(row): original for row in range(rows)}, NTU, frames=frames)
        sizes[rows, frames] = imread(tmp_path / "strip.png").shape[:2]
    assert sizes[2, 4][0] - sizes[1, 4][0] == pytest.approx(DOTS * INCH, abs=2)
    assert sizes[2, 4][1] == sizes[1, 4][1] and sizes[2, 8][0] == sizes[2, 4][0]
    assert sizes[2, 8][1] - sizes[2, 4][1] == pytest.approx(4 * 0.5 * DOTS * INCH, rel=0.4)


def test_slots_place_the_same_point_alike_in_every_slot() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (6, 9, 2))
    slots = Slots.around(points, rows=3, columns=6)
    same = np.broadcast_to(points[:1], points.shape)
    placed = slots.place(same, row=1)
    steps = placed - placed[0] - np.arange(6)[:, None, None] * [slots.width, 0]
    np.testing.assert_allclose(steps, 0, atol=1e-12)
    np.testing.assert_allclose(slots.place(same, 2) - placed, np.broadcast_to([0, -1], placed.shape))
    np.testing.assert_allclose((placed[0] - placed[0, 0]) / slots.scale, points[0] - points[0, 0], atol=1e-9)
    wild = slots.place(points * 100, 0)
    column = np.arange(6)[:, None]
    assert ((wild[..., 0] > column * slots.width) & (wild[..., 0] < (column + 1) * slots.width)).all()
    assert ((wild[..., 1] > -1) & (wild[..., 1] < 0)).all()


def test_the_viewer_stands_in_front_whatever_the_camera_saw() -> None:
    front = clip("clap")
    seen = front @ viewpoint(front, NTU).T
    assert (seen[:, 0, 4, 0] > seen[:, 0, 8, 0]).all()  # a person's left is on the right
    assert seen[:, 0, (15, 19), 2].mean() > seen[:, 0, (14, 18), 2].mean()  # toes towards the viewer
    for yaw in (0.7, 2.0, -2.8):
        turned = front @ rotation(np.array([[0.0, yaw, 0.0]]))[0].T
        np.testing.assert_allclose(turned @ viewpoint(turned, NTU).T, seen, atol=1e-9)
    pair = clip("handshake")
    apart = (pair @ viewpoint(pair, NTU).T)[:, 1] - (pair @ viewpoint(pair, NTU).T)[:, 0]
    assert apart[..., 0].mean() > 2 * abs(apart[..., 2].mean())


def test_a_long_label_stays_in_its_place(tmp_path: Path) -> None:
    label = "punching or slapping another person\nsubject 106, of the training side"
    draw_strip(tmp_path / "x.png", {label: clip("wave")[:, 0]}, NTU)
    picture = imread(tmp_path / "x.png")
    assert (picture[:, :4, :3] == 1).all()


def test_absent_bodies_are_not_drawn(tmp_path: Path) -> None:
    alone = clip("wave")
    draw_strip(tmp_path / "one.png", {"a": alone}, NTU)
    padded = np.concatenate([alone, np.zeros_like(alone)], axis=1)
    draw_strip(tmp_path / "two.png", {"a": padded}, NTU)
    np.testing.assert_array_equal(imread(tmp_path / "one.png"), imread(tmp_path / "two.png"))


@pytest.mark.parametrize("name", layout_names())
def test_every_layout_can_be_drawn(name: str, tmp_path: Path) -> None:
    skeleton = layout(name)
    joints = np.random.default_rng(0).normal(size=(3, 2, len(skeleton.joints), 3))
    hidden = np.zeros((3, 2, len(skeleton.joints)), dtype=bool)
    draw_strip(tmp_path / "strip.png", {"a": joints, "b": joints}, skeleton, {"b": hidden}, frames=2)
    assert (tmp_path / "strip.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": {}}, "rows"),
        ({"rows": {"a": np.ones((4, 20, 3))}}, r"'a'.*\(T, 25, 3\).*'ntu'.*\(4, 20, 3\)"),
        ({"rows": {"a": np.ones((4, 25, 3)), "b": np.ones((5, 25, 3))}}, "one shape"),
        ({"rows": {"a": np.zeros((4, 25, 3))}}, "'a': no body"),
        ({"rows": {"a": np.full((4, 25, 3), np.nan)}}, "'a'.*not finite"),
        ({"visible": {"c": np.ones((4, 25), dtype=bool)}}, "'c' is not a row"),
        ({"visible": {"a": np.ones((25, 4), dtype=bool)}}, r"'a' is \(25, 4\)"),
        ({"reconstructed": ["a"]}, r"reconstructed: \['a'\]"),
    ],
)
def test_bad_input_is_named_and_leaves_no_file(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    arguments = {"rows": {"a": np.ones((4, 25, 3))}, "layout": NTU, **change}
    with pytest.raises(ValueError, match=message):
        draw_strip(tmp_path / "strip.png", **arguments)
    assert not list(tmp_path.iterdir())


def test_matplotlib_is_imported_late_and_pyplot_never(tmp_path: Path) -> None:
    code = f"""if True:
        import sys, numpy
        from skeleton_data.draw.strip import draw_strip
        from skeleton_data.layouts.layout import layout
        assert "matplotlib" not in sys.modules and "torch" not in sys.modules
        clip = numpy.random.default_rng(0).normal(size=(4, 25, 3))
        draw_strip({str(tmp_path / "a.png")!r}, {{"a": clip}}, layout("ntu"))
        assert "matplotlib.pyplot" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_moving_picture_shows_what_is_masked(tmp_path: Path) -> None:
    original = clip("wave")
    visible = np.ones((20, 25), dtype=bool)
    visible[:, 5:] = False
    grey = []
    for masks in ({}, {"masked": visible}):
        draw_gif(tmp_path / "clip.gif", {"masked": original}, NTU, masks, fps=30, frames=2)
        with Image.open(tmp_path / "clip.gif") as picture:
            pixels = np.asarray(picture.convert("RGB")) / 255
        grey.append((np.abs(pixels - to_rgb(MASKED)).max(axis=-1) < 0.03).sum())
    assert grey[1] > 2 * grey[0]
    with pytest.raises(ValueError, match="'other' is not a row"):
        draw_gif(tmp_path / "none.gif", {"masked": original}, NTU, {"other": visible}, fps=30)
    assert not (tmp_path / "none.gif").exists()
