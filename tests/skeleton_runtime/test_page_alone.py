"""The page without a server that computes: files are written, and a real browser runs the model.

The browser needs the npm package onnxruntime-web: the variable ONNXRUNTIME_WEB names its folder.
"""

import json
import os
import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from running_service import browsing, drop
from trained_model import MODEL

from skeleton_runtime.cli.main import main
from skeleton_runtime.page.static_folder import PACKAGE, RUNTIME


class Quiet(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """The address of a folder of static files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def no_runtime(tmp_path):
    """A folder that looks like the npm package."""
    wanted = json.loads((Path(main.__code__.co_filename).parents[1] / "page" / "package.json").read_text())
    folder = tmp_path / "package"
    (folder / "dist").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"version": wanted["dependencies"][PACKAGE]}))
    for name in RUNTIME:
        (folder / "dist" / name).write_text("")
    return folder


def test_the_folder_holds_all_that_the_page_names(tmp_path, no_runtime, capsys):
    main(["web", str(MODEL), str(tmp_path / "page"), "--onnxruntime-web", str(no_runtime)])
    static = tmp_path / "page" / "static"
    assert str(tmp_path / "page") in capsys.readouterr().out
    page = (tmp_path / "page" / "index.html").read_text()
    named = [name for name in os.listdir(static) if f'"static/{name}"' in page]
    assert sorted(named) == ["browser.js", "page.css", "page.js", "player.css", "player.js"]
    assert (static / "model.onnx").read_bytes() == (MODEL / "model.onnx").read_bytes()
    everything = [path for path in (tmp_path / "page").rglob("*.*") if path.suffix != ".onnx"]
    assert [path for path in everything if re.search(r"https?:|[\"'`(]//", path.read_text())] == []


@pytest.mark.parametrize("what", ["there", "version", "package", "model", "npm"])
def test_what_is_in_the_way_is_one_line(tmp_path, no_runtime, capsys, monkeypatch, what):
    model, page, arguments = str(MODEL), tmp_path / "page", ["--onnxruntime-web", str(no_runtime)]
    match what:
        case "there":
            page.mkdir()
        case "version":
            (no_runtime / "package.json").write_text('{"version": "1.0.0"}')
        case "package":
            (no_runtime / "dist" / RUNTIME[1]).unlink()
        case "model":
            model = str(tmp_path)
        case "npm":
            arguments = []
            monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit) as ended:
        main(["web", model, str(page), *arguments])
    lines = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2 and len(lines) == 1, lines
    assert what == "there" or not page.exists()


@pytest.mark.filterwarnings("ignore:.*some people come only after others")
def test_the_model_runs_in_a_browser(tmp_path, recogniser, raw, clips, coming_and_going):
    package = os.environ.get("ONNXRUNTIME_WEB")
    if package is None:
        pytest.skip("ONNXRUNTIME_WEB names no folder of the npm package onnxruntime-web")
    expect = pytest.importorskip("playwright.sync_api").expect
    main(["web", str(MODEL), str(tmp_path / "page"), "--onnxruntime-web", package])
    with served(tmp_path / "page") as address, browsing(address) as (page, complaints):
        expect(page.locator("#model")).to_contain_text("3 actions")
        page.locator("#window").fill("1s")
        for file in sorted(raw.glob("*.skeleton"))[:3]:
            drop(page, file.name, file.read_bytes())
            answers = recogniser.predict(file, window="1s", stride="0.5s")
            expect(page.locator("#status")).to_have_text(file.name)
            expect(page.locator("#timeline div")).to_have_count(len(answers))
            page.locator("#play").click()
            for frame, answer in (
                ("0", answers[0]),
                (page.locator("#frame").get_attribute("max"), answers[-1]),
            ):
                page.locator("#frame").fill(frame)
                bars = [bar.split("\n") for bar in page.locator(".bar").all_inner_texts()]
                best = answer.best(3)
                assert [name for name, _ in bars] == list(best)
                shares = [float(share.removesuffix(" %")) for _, share in bars]
                assert shares == pytest.approx([100 * share for share in best.values()], abs=0.06)
        answers = recogniser.predict(coming_and_going, window="0.5s", stride="0.25s", fps=30)
        shares = sorted(share for answer in answers for share in answer.best(1).values())
        middle = float(np.mean(shares[len(shares) // 2 - 1 :][:2]))  # between two: the page rounds otherwise
        page.locator("#window").fill("0.5s")
        page.locator("#stride").fill("0.25s")
        page.locator("#threshold").fill(str(middle))
        drop(page, "coming and going.json", json.dumps({"clips": [coming_and_going.tolist()]}).encode())
        expect(page.locator("#status")).to_have_text("coming and going.json")
        answers = [replace(answer, threshold=middle) for answer in answers]
        labels = [answer.label or "nobody" for answer in answers]
        expect(page.locator("#timeline div")).to_have_text(labels)
        for label in ("nobody", "unknown"):
            expect(page.locator(f"#timeline .{label}")).to_have_count(labels.count(label))
            assert labels.count(label)
        page.locator("#threshold").fill("")
        damaged = clips[0][:, 0].tolist()
        damaged[3][4][0] = None
        drop(page, "nan.json", json.dumps({"clips": [damaged]}).encode())
        expect(page.locator("#status.error")).to_contain_text("frame 3: joint 4")
        assert complaints == []
        page.route("**/model.onnx", lambda route: route.fulfill(body=b"altered"))
        page.reload()
        expect(page.locator("#status.error")).to_contain_text("model.onnx: damaged")
