"""The service on a free port of this machine, and a browser to look at its page with."""

import shutil
import socket
import threading
from contextlib import contextmanager

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
)

DROP = """
([name, bytes]) => {
  const moved = new DataTransfer();
  moved.items.add(new File([new Uint8Array(bytes)], name));
  dispatchEvent(new DragEvent("drop", { dataTransfer: moved, cancelable: true }));
}
"""


@contextmanager
def running(recogniser, token=None, **limits):
    """The port of a server; it has stopped afterwards."""
    from skeleton_runtime.serving.app import create_app
    from skeleton_runtime.serving.limits import Limits
    from skeleton_runtime.serving.server import server

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # soon full, if a client does not read
        served = server(create_app(recogniser, Limits(**limits), token), Limits(**limits))
        thread = threading.Thread(target=served.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            served.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@contextmanager
def browsing(address):
    """A page in a browser, what it complained about, and addresses that it fetched from elsewhere."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser on this machine (looked for {', '.join(BROWSERS)})")
    complaints, elsewhere = [], []
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(QUIET))
        page = browser.new_page(viewport={"width": 1100, "height": 640})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: elsewhere.append(asked.url))
        page.goto(address)
        yield page, complaints
        browser.close()
    own = address.partition("#")[0]
    assert [url for url in elsewhere if not url.startswith((own, "data:", "blob:"))] == []


def drop(page, name, data):
    """Drop a file on a page."""
    page.evaluate(DROP, [name, list(data)])
