"""Recognise actions in recordings, or live.

    python apps/predict.py runs/tuned recording.skeleton more/ own.npz --top 3
    python apps/predict.py runs/tuned long.npz --window 60 --stride 15 --format json
    python tracker.py | python apps/predict.py runs/tuned --live --window 60 --stride 5

MODEL is a fine-tuned run, a model's folder, or hf://OWNER/NAME; it carries class names, joints and sampling.
A recording is a raw .skeleton file, own data in an .npz, a folder of them, or any data set that
`skeleton-data import` reads; joints are found by name. With --live the standard input has one frame a line, a
JSON array of joints [[x, y, z], ...] or of bodies [[[x, y, z], ...], ...]; each answer comes with the time
that it took.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any, Literal, TextIO

from pydantic import Field, model_validator
from pydantic_settings import CliPositionalArg

from skeleton_data import ImportConfig, Missing, Picture, Up, layout, printable
from skeleton_lab.data.preprocessing import Preprocessing
from skeleton_lab.errors import InputError, exit_on_bad_input, input_errors
from skeleton_lab.inference.live import Stream, live_windows
from skeleton_lab.inference.recordings import map_joints, read_recordings
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import RecipeSection, read_options

LIVE_WINDOW = 60
OF_IMPORT = (
    *("source_layout", "derive", "units", "up", "picture", "fps", "resample"),
    *("missing", "max_gap", "min_confidence", "insist"),
)
METRES = {"auto": 1.0, "m": 1.0, "cm": 0.01, "mm": 0.001}


class PredictConfig(RecipeSection):
    """Recognise actions in recordings, or live."""

    model: CliPositionalArg[str] = Field(description="Fine-tuned run, folder of a model, or hf://OWNER/NAME.")
    recordings: CliPositionalArg[tuple[Path, ...]] = Field((), description="Files and folders.")
    live: bool = Field(False, description="Read frames from the standard input, a JSON array a line.")
    top: int = Field(5, ge=1, description="Classes that are told.")
    format: Literal["text", "json"] = Field("text", description="Lines of text, or a JSON object a line.")
    window: int | None = Field(
        None, ge=1, description="Frames of a window that slides over a recording (default: all; live: 60)."
    )
    stride: int | None = Field(
        None, ge=1, description="Frames from a window to the next (default: half a window)."
    )
    source_layout: str | None = Field(
        None, description="Layout of data that do not name their joints (default, live: the model's)."
    )
    derive: bool = Field(False, description="Take joints that the data lack from others.")
    units: Literal["auto", "m", "cm", "mm"] = Field("auto", description="Units, where the data do not say.")
    up: Literal["auto", Up] = Field(
        "auto", description="Axis that points up, -y where y points down (default: by the format; live: y)."
    )
    picture: Picture | None = Field(
        None, description="Width and height of the picture, where positions are pixels: 640x480."
    )
    fps: float | None = Field(None, gt=0, description="Frames per second, where the data do not say.")
    resample: float | None = Field(
        None, gt=0, description="Frames per second that recordings are brought to, linear in time."
    )
    missing: Missing = Field("interpolate", description="What to do about joints that were not measured.")
    max_gap: str = Field("0.5s", description="Longest gap that is filled, in frames (15) or seconds (0.5s).")
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="A joint of less confidence is missing (default: by the format)."
    )
    insist: bool = Field(False, description="Recognise what cannot be right, as bodies of 50 m.")
    batch_size: int = Field(64, ge=1, description="Windows that are recognised at once.")

    @model_validator(mode="after")
    def _one_source(self) -> PredictConfig:
        if bool(self.recordings) == self.live:
            raise ValueError("name recordings, or say live; one of the two")
        length = self.window or (LIVE_WINDOW if self.live else None)
        if self.stride is not None and (length is None or self.stride > length):
            raise ValueError(f"stride {self.stride} needs a window that is at least as long")
        return self


def _line(answer: dict[str, Any], config: PredictConfig) -> str:
    if config.format == "json":
        return json.dumps(answer)
    place = [answer["file"]] if "file" in answer else []
    if place and answer["clip"] != Path(answer["file"]).stem:
        place.append(answer["clip"])
    if config.live or config.window:
        place.append(f"frames {answer['first_frame']}-{answer['last_frame']}")
    best = ", ".join(f"{name} {100 * share:.1f} %" for name, share in answer["classes"].items())
    return printable(f"{' '.join(place)}: {best}") + (f" ({answer['latency_ms']} ms)" if config.live else "")


def _stream(config: PredictConfig, made_for: Preprocessing) -> Stream:
    """Return how frames are to be understood.

    Raises:
        InputError: If the stream cannot be what the model was made for.
    """
    wanted, is_flat = made_for.layout, made_for.units == "picture"
    if is_flat != (config.picture is not None):
        raise InputError(
            "picture: the model was made for 2D joints: say width and height, like 640x480, and stream"
            " [x, y, confidence] in pixels"
            if is_flat
            else "picture: the model was made for 3D joints in metres"
        )
    if config.resample is not None:
        raise InputError("resample: a stream is recognised at its own rate")
    names = layout(config.source_layout).joints if config.source_layout else wanted.joints
    return Stream(
        mapping=map_joints(names, wanted, derive=config.derive, source="the stream"),
        joints=len(names),
        layout=wanted,
        scale=METRES[config.units],
        up="y" if config.up == "auto" else config.up,
        picture=config.picture,
        insist=config.insist,
    )


def run(config: PredictConfig, *, lines: Iterable[str] = (), out: TextIO = sys.stdout) -> None:
    """Print what is recognised, as soon as it is; a recording that cannot be used does not stop the others.

    Args:
        config: The options.
        lines: Frames, with `live`.
        out: Where answers go.

    Raises:
        InputError: If the model or a line of the input cannot be used; at the end, with a line for each, if
            recordings cannot.
    """
    with input_errors():
        model = SavedModel.open(config.model)
        stream = _stream(config, model.preprocessing) if config.live else None

        from skeleton_lab.inference.recogniser import Recogniser, recognise_live, recognise_recordings

        recogniser = Recogniser(model)
    refused: list[str] = []
    if stream:
        length = config.window or LIVE_WINDOW
        stride = config.stride or max(1, length // 2)
        windows = live_windows(lines, stream, bodies=model.preprocessing.bodies, length=length, stride=stride)
        answers = recognise_live(recogniser, windows, top=config.top)
    else:
        given = ImportConfig(**{name: getattr(config, name) for name in OF_IMPORT})
        recordings = read_recordings(config.recordings, model.preprocessing, given, refused=refused)
        answers = recognise_recordings(
            recogniser,
            recordings,
            top=config.top,
            window=config.window,
            stride=config.stride,
            batch_size=config.batch_size,
        )
    latencies = []
    try:
        for answer in answers:
            print(_line(answer, config), file=out, flush=True)
            latencies.append(answer.get("latency_ms", 0.0))
    except KeyboardInterrupt:  # the end of a stream that has none of its own
        if not config.live:
            raise
    if config.live and latencies:
        told = f"{len(latencies)} windows, {median(latencies):.2f} ms median, {max(latencies):.2f} ms at most"
        print(f"predict: {told}, from the last frame to the answer", file=sys.stderr)
    if refused:
        raise InputError("\n".join(refused))


@exit_on_bad_input("predict")
def main() -> None:
    """Recognise what the command line names."""
    run(read_options(PredictConfig, sys.argv[1:], program="predict"), lines=sys.stdin, out=sys.stdout)


if __name__ == "__main__":
    main()
