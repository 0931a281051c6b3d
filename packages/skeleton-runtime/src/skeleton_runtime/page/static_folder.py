"""The page as a folder of static files: the model runs in the browser, by onnxruntime-web."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from skeleton_data import (
    DataError,
    Preprocessing,
    file_sha256,
    layout,
    player_file,
    player_looks,
    replacing_folder,
    training_origin,
)
from skeleton_runtime.calibration import Calibration
from skeleton_runtime.model_folder import ONNX, locate, open_model
from skeleton_runtime.page.files import index, page_file
from skeleton_runtime.training_options import turned_upright

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self';"
    " img-src data:; base-uri 'none'; form-action 'none'"
)
SCRIPTS = ("page.css", "page.js", "browser.js")
MODULES = ("answers.mjs", "clip.mjs", "ntu.mjs", "recording.mjs", "windows.mjs")
PACKAGE = "onnxruntime-web"
RUNTIME = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
"""Files of the npm package that the page loads."""


def write_page(model: str | Path, out: Path, *, runtime: Path | None = None) -> None:
    """Write the page, its scripts, the model, and onnxruntime-web into a new folder.

    Args:
        model: Folder of the model, its `model.onnx`, or `hf://OWNER/NAME`.
        out: The new folder.
        runtime: Folder of the npm package onnxruntime-web; without, npm installs the version that
            `package-lock.json` names.

    Raises:
        DataError: If the model cannot be used or cannot run in a browser, the folder is there already, or
            npm is not there or fails.
    """
    if out.exists():
        raise DataError.at(out, "the folder exists already; name a new one")
    path = locate(model)
    preprocessing, _, calibration = open_model(path)
    card = page_card(preprocessing, calibration)
    weights = path if path.is_file() else path / ONNX
    with replacing_folder(out, overwrite=False) as draft:
        static = draft / "static"
        (static / "ort").mkdir(parents=True)
        (draft / "index.html").write_text(index("browser.js", POLICY), encoding="utf-8")
        for name in SCRIPTS + MODULES:
            (static / name).write_text(page_file(name), encoding="utf-8")
        for name in ("player.css", "player.js"):
            (static / name).write_text(player_file(name), encoding="utf-8")
        shutil.copyfile(weights, static / ONNX)
        card["sha256"] = file_sha256(static / ONNX)
        (static / "model.json").write_text(json.dumps(card), encoding="utf-8")
        _copy_runtime(static / "ort", runtime)


def page_card(preprocessing: Preprocessing, calibration: Calibration) -> dict[str, Any]:
    """Return what the scripts know of the model.

    Raises:
        DataError: If they cannot prepare its clips; says why.
    """
    skeleton, sampling = preprocessing.layout, preprocessing.sampling
    if not preprocessing.classes:
        raise DataError("the model is an encoder, which knows no classes; fine-tune it first")
    if preprocessing.units != "m" or preprocessing.cleaning == "contrast":
        kind = "2D joints" if preprocessing.units != "m" else "clips that were cleaned as 'contrast'"
        raise DataError(
            f"the model was made for {kind}, which the page cannot prepare; use `skeleton-predict serve`"
        )
    facing = skeleton.facing() if sampling.face_forward else (skeleton.shoulders, skeleton.hips)
    spine = preprocessing.cleaning and list(training_origin(skeleton).weights[0].items())
    return {
        "classes": preprocessing.classes,
        "layout": skeleton.name,
        "joints": skeleton.joints,
        "parents": skeleton.parents,
        "centre": skeleton.centre,
        "shoulders": facing[0],
        "hips": facing[1],
        "bodies": preprocessing.bodies,
        "fps": preprocessing.fps,
        "cleaning": preprocessing.cleaning,
        "turned": turned_upright(preprocessing),
        "ntu": layout("ntu").joints,
        "spine": spine,
        **sampling.model_dump(include={"frames", "test_crop", "origin", "face_forward", "stream"}),
        **calibration.model_dump(include={"temperature", "threshold"}),
        **player_looks(skeleton),
    }


def _copy_runtime(to: Path, package: Path | None) -> None:
    """Copy what the page loads of the npm package, whose files npm compares with the lock file.

    Raises:
        DataError: If it is not there, or of another version.
    """
    if package is not None:
        wanted, found = json.loads(page_file("package.json")), package / "package.json"
        try:
            version = json.loads(found.read_text(encoding="utf-8"))["version"]
            if version != wanted["dependencies"][PACKAGE]:
                needed = wanted["dependencies"][PACKAGE]
                raise DataError.at(found, f"it has version {version}, but the page needs {needed}")
            for name in RUNTIME:
                shutil.copyfile(package / "dist" / name, to / name)
        except DataError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError.at(package, f"it does not hold {PACKAGE} ({error})") from None
        return
    npm = shutil.which("npm")
    if npm is None:
        raise DataError(
            f"npm is not installed: install it, or name the folder of {PACKAGE} with --onnxruntime-web"
        )
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            (Path(folder) / name).write_text(page_file(name), encoding="utf-8")
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "npm error" in line]
            raise DataError(
                f"npm ci failed: {(lines or ['it says no reason'])[0].removeprefix('npm error ')}"
            )
        _copy_runtime(to, Path(folder) / "node_modules" / PACKAGE)
