"""Clips that move: the GIF, and the page, which is played in a real browser where there is one."""

import json
import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from skeleton_data import SkeletonStore, StoreWriter, draw_gif, draw_page
from skeleton_data.cli.main import main
from skeleton_data.draw.slots import LEFT, RIGHT
from skeleton_data.layouts.layout import layout, layout_names
from skeleton_data.synthetic.catalogue import ACTIONS, NAMES
from skeleton_data.synthetic.performer import Performer
from skeleton_data.synthetic.stage import perform

NTU = layout("ntu")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
)


def clip(name: str, frames: int = 20) -> np.ndarray:
    """(T, M, V, 3) of somebody who faces positive z."""
    generator = np.random.default_rng(3)
    performers = Performer.sample(generator), Performer.sample(generator)
    return np.stack(perform(ACTIONS[NAMES.index(name)], *performers, (frames, frames), generator), axis=1)


def share(picture: np.ndarray, colour: str) -> float:
    """Share of the pixels that have nearly this colour."""
    return float((np.abs(picture[..., :3] - to_rgb(colour)).max(axis=-1) < 0.06).mean())


# --- the GIF ---


def test_gif_moves_at_the_speed_of_the_clip(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    draw_gif(tmp_path / "two.gif", {"wave": clip("wave", 12), "push": clip("push", 5)}, NTU, fps=10)
    with image.open(tmp_path / "two.gif") as gif:
        pictures = []
        for number in range(gif.n_frames):
            gif.seek(number)
            pictures.append(np.asarray(gif.convert("RGB")) / 255.0)
            assert gif.info["duration"] == 100 and gif.info["loop"] == 0
    assert len(pictures) == 12
    for colour in (LEFT, RIGHT):
        assert all(share(picture, colour) > 1e-3 for picture in pictures)
    assert all((one != other).any() for one, other in pairwise(pictures))


# --- the page as a file ---


def data_of(page: Path) -> dict[str, Any]:
    found = re.search(
        r'<script id="data" type="application/json">(.*?)</script>', page.read_text(), re.DOTALL
    )
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("name", layout_names())
def test_page_holds_the_clip(tmp_path: Path, name: str) -> None:
    import base64

    skeleton = layout(name)
    joints = np.random.default_rng(0).normal(size=(7, 2, len(skeleton.joints), 3))
    joints[3:, 1] = 0
    draw_page(tmp_path / "x.html", {"a": joints}, skeleton, fps=25)
    data = data_of(tmp_path / "x.html")
    (packed,) = data["clips"]
    numbers = np.frombuffer(base64.b64decode(packed["joints"]), "<i2").reshape(joints.shape)
    np.testing.assert_allclose(numbers * packed["unit"], joints, atol=packed["unit"])
    assert data["fps"] == 25 and data["bones"] == [list(bone) for bone in skeleton.bones]
    assert [data["sides"][left] for left, _ in skeleton.pairs] == [1] * len(skeleton.pairs)


def test_page_is_alone_and_keeps_labels_as_text(tmp_path: Path) -> None:
    label = "</script><b>DATA & TITLE"
    draw_page(tmp_path / "x.html", {label: clip("wave")}, NTU, fps=30)
    text = (tmp_path / "x.html").read_text()
    assert data_of(tmp_path / "x.html")["clips"][0]["title"] == label
    assert "<title>&lt;/script&gt;&lt;b&gt;DATA &amp; TITLE</title>" in text
    assert not re.search(r"https?:|\bsrc=|@import|url\(", text)
    assert re.findall(r"<link.*", text) == ['<link rel="icon" href="data:,">']


@pytest.mark.parametrize(
    ("clips", "fps", "message"),
    [
        ({}, 30, "expected 1 to 2, got 0"),
        (dict.fromkeys("abc", np.ones((2, 25, 3))), 30, "expected 1 to 2, got 3"),
        ({"a": np.ones((2, 20, 3))}, 30, r"clip 'a': expected \(T, 25, 3\)"),
        ({"a": np.full((2, 25, 3), np.nan)}, 30, "clip 'a': a coordinate is not finite"),
        ({"a": np.zeros((2, 25, 3))}, 30, "clip 'a': no body"),
        ({"a": np.ones((2, 25, 3))}, 0, "fps must be above 0, got 0"),
    ],
)
def test_what_cannot_be_played(tmp_path: Path, clips: Any, fps: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_page(tmp_path / "x.html", clips, NTU, fps=fps)
    assert not list(tmp_path.iterdir())


# --- the page in a browser ---


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser on this machine (looked for {', '.join(BROWSERS)})")
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


def canvas(page: Any, number: int) -> np.ndarray:
    return imread(BytesIO(page.locator("canvas").nth(number).screenshot()))


def test_page_in_a_browser(browser: Any, tmp_path: Path) -> None:
    """Two clips: seen, scrubbed, turned, played; nothing complains, nothing is fetched."""
    clips = {"wave\nclass 1": clip("wave", 30)[:, :1], "push": clip("push", 20)}
    draw_page(tmp_path / "two.html", clips, NTU, fps=15)
    page = browser.new_page(viewport={"width": 900, "height": 500})
    complaints: list[str] = []
    fetched: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: fetched.append(request.url))
    page.goto((tmp_path / "two.html").as_uri())
    page.get_by_role("button", name="play or pause").click()
    assert page.locator("#play").inner_text() == "Play"
    page.locator("#frame").fill("2")
    still = [canvas(page, number) for number in (0, 1)]
    for picture in still:
        assert share(picture, LEFT) > 1e-3 and share(picture, RIGHT) > 1e-3
    assert np.array_equal(canvas(page, 0), still[0])  # it stands still
    page.locator("#frame").fill("14")
    assert "frame 15 of 30" in page.locator("#clock").inner_text()
    moved = [canvas(page, number) for number in (0, 1)]
    page.keyboard.press("ArrowRight")
    assert "frame 16 of 30" in page.locator("#clock").inner_text()
    page.keyboard.press("ArrowLeft")
    box = page.locator("canvas").first.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 110, steps=3)
    page.mouse.up()
    turned = [canvas(page, number) for number in (0, 1)]
    for number in (0, 1):  # both turn together
        assert (still[number] != moved[number]).any(axis=-1).mean() > 1e-3
        assert (moved[number] != turned[number]).any(axis=-1).mean() > 1e-2
    page.locator("canvas").first.dblclick()
    assert np.array_equal(canvas(page, 0), moved[0])
    page.locator("#play").click()
    pytest.importorskip("playwright.sync_api").expect(page.locator("#clock")).not_to_contain_text("frame 15 ")
    page.close()
    assert complaints == []
    assert [url for url in fetched if not url.startswith("data:")] == [(tmp_path / "two.html").as_uri()]


# --- the command ---


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SkeletonStore:
    path = tmp_path_factory.mktemp("data") / "s"
    with StoreWriter(path, layout=NTU, fps=15, class_names=("wave", "push")) as writer:
        writer.add(clip("wave", 8)[:, :1], name="S1", label=0, subject=4)
        writer.add(clip("push", 6), name="S2", label=1)
        writer.add(np.zeros((3, 1, 25, 3)), name="S3")
    return SkeletonStore.open(path)


@pytest.mark.parametrize("ending", ["png", "gif", "html"])
def test_command(
    store: SkeletonStore, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    output = tmp_path / f"x.{ending}"
    clips = ["--clip", "S2"] if ending == "png" else ["--clip", "S2", "--clip", "0"]
    main(["draw", str(store.path), str(output), *clips])
    assert capsys.readouterr().out == f"{output}: {'S2' if ending == 'png' else 'S2, S1'}\n"
    assert [file.name for file in tmp_path.iterdir()] == [output.name]
    if ending == "html":
        shown = [(packed["title"], packed["note"]) for packed in data_of(output)["clips"]]
        assert shown == [("S2", "push"), ("S1", "wave, subject 4")]
    with pytest.raises(SystemExit):
        main(["draw", str(store.path), str(output), *clips])
    assert "exists; it will not be replaced" in capsys.readouterr().err
    main(["draw", str(store.path), str(output), *clips, "--overwrite"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["x.bmp"], "output must end in .png, .svg, .pdf, .gif, .html, got 'x.bmp'"),
        (["x.html", "--clip", "S9"], "no clip named 'S9'; its numbers go from 0 to 2"),
        (["x.html", "--clip", "3"], "no clip named '3'"),
        (["x.html", "--clip", "0", "--clip", "1", "--clip", "2"], "clip: expected at most 2 items"),
        (["x.png", "--clip", "0", "--clip", "1"], "a strip shows one clip; choose .gif or .html for two"),
        (["x.png", "--clip", "S3"], "no body"),
        (["x.html", "--clip", "S3"], "no body"),
        (["x.gif", "--clip", "S3"], "no body"),
        (["no/x.html"], "there is no folder"),
    ],
)
def test_command_with_bad_input(
    store: SkeletonStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["draw", str(store.path), *options])
    error = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2 and not list(tmp_path.iterdir())
    assert len(error) == 1 and message in error[0]
