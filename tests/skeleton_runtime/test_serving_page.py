"""The page of the service in a real browser: a recording is dropped on it, moves, and is recognised."""

import re

import numpy as np
import pytest
from running_service import browsing, drop, running

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def two_actions(raw, clips, tmp_path_factory):
    """A file of own data in which one action follows another."""
    from skeleton_data import layout

    joints = np.concatenate([clips[0][:, 0], clips[1][:, 0]])
    path = tmp_path_factory.mktemp("own") / "two actions (1).npz"
    names = list(layout("ntu").joints)
    np.savez(path, positions_m=joints, offsets=[0, len(joints)], fps=30.0, joint_names=names)
    return path


def shown(page):
    return page.locator("canvas").first.screenshot()


def test_a_recording_is_dropped_on_the_page(recogniser, raw, two_actions):
    expect = pytest.importorskip("playwright.sync_api").expect
    answers = recogniser.predict(two_actions, window="1s", stride="0.5s")
    first, last = answers[0], answers[-1]
    assert first.label != last.label
    with (
        running(recogniser, TOKEN) as port,
        browsing(f"http://127.0.0.1:{port}/#{TOKEN}") as (page, complaints),
    ):
        expect(page.locator("#model")).to_contain_text("3 actions")
        page.locator("#window").fill("1s")
        drop(page, two_actions.name, two_actions.read_bytes())
        expect(page.locator("#timeline div")).to_have_count(len(answers))
        page.locator("#play").click()
        expect(page.locator("#play")).to_have_text("Play")
        page.locator("#frame").fill("0")
        expect(page.locator("#answer")).to_have_text(first.label)
        bar = page.locator(".bar").first.inner_text().split("\n")
        assert bar == [first.label, f"{100 * first.best(1)[first.label]:.1f} %"]
        still = shown(page)
        page.locator("#frame").fill(page.locator("#frame").get_attribute("max"))
        expect(page.locator("#answer")).to_have_text(last.label)
        assert shown(page) != still
        assert complaints == []

        sure = 1 - 1e-6  # more than the model ever is
        page.locator("#threshold").fill(str(sure))
        page.locator("#smooth").fill("2")
        drop(page, two_actions.name, two_actions.read_bytes())
        answers = recogniser.predict(two_actions, window="1s", stride="0.5s", threshold=sure, smooth=2)
        expect(page.locator("#timeline .unknown")).to_have_count(
            [answer.label for answer in answers].count("unknown")
        )
        assert answers[0].label == "unknown"
        page.locator("#threshold").fill("2")
        drop(page, two_actions.name, two_actions.read_bytes())
        expect(page.locator("#status.error")).to_contain_text("threshold")
        page.locator("#threshold").fill("")

        drop(page, "x.npz", b"PK")  # what is wrong is told
        expect(page.locator("#status.error")).to_contain_text("x.npz")
        file = min(raw.glob("*.skeleton"))
        page.locator("#file").set_input_files(file)
        expect(page.locator("#answer")).to_have_text(recogniser.predict(file)[0].label)
        assert [text for text in complaints if not re.search("422|400", text)] == []


def test_the_page_says_that_a_token_is_missing(recogniser):
    expect = pytest.importorskip("playwright.sync_api").expect
    with running(recogniser, TOKEN) as port, browsing(f"http://127.0.0.1:{port}/") as (page, _):
        expect(page.locator("#status.error")).to_contain_text("token")
