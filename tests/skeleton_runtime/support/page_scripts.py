"""The scripts of the page, run by Node."""

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from skeleton_runtime import Calibration
from skeleton_runtime.page.static_folder import page_card

NODE = shutil.which("node")


def prepared(cases, calibration=None, **given):
    """What the scripts make of (file, model, options); with `runtime` and `weights`, what they answer."""
    sent = [
        {
            "name": file.name,
            "text": file.read_text(),
            "card": page_card(preprocessing, calibration or Calibration()),
            "options": options,
        }
        for file, preprocessing, options in cases
    ]
    given |= {"folder": str(files("skeleton_runtime.page")), "cases": sent}
    script = Path(__file__).parent / "prepare.mjs"
    done = subprocess.run([NODE, script], input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
