"""The files of the page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal


@cache
def page_file(name: str) -> str:
    """Return a file of the page."""
    return (files("skeleton_runtime.page") / name).read_text(encoding="utf-8")


def index(engine: Literal["server.js", "browser.js"], policy: str | None = None) -> str:
    """Return the page itself.

    Args:
        engine: Script that answers.
        policy: What the page may load, where no server says it.
    """
    policy_tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    page = page_file("index.html").replace("POLICY\n", f"{policy_tag}\n" if policy_tag else "")
    return page.replace("ENGINE", f'<script src="static/{engine}"></script>')
