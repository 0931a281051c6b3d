"""Recognise actions in recordings, or live.

    skeleton-lab predict runs/tuned recording.skeleton more/ own.npz --top 3
    skeleton-lab predict runs/tuned long.npz --window 60 --stride 15 --format json
    python tracker.py | skeleton-lab predict runs/tuned --live --window 60 --stride 5

MODEL is a fine-tuned run, a model's folder, or hf://OWNER/NAME; it carries class names, joints and sampling.
A recording is a raw .skeleton file, own data in an .npz, a folder of them, or any data set that
`skeleton-data import` reads; joints are found by name. With --live the standard input has one frame a line, a
JSON array of joints [[x, y, z], ...] or of bodies [[[x, y, z], ...], ...]; each answer comes with the time
that it took.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Literal, TextIO

from pydantic import Field, model_validator
from pydantic_settings import CliPositionalArg

from skeleton_data import ImportConfig, Missing, Picture, Up
from skeleton_lab.errors import InputError, exit_on_bad_input, input_errors
from skeleton_lab.models.model_folder import ONNX, locate
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import RecipeSection, read_options
from skeleton_runtime import Answer, Recogniser, Windows, answer_lines, as_table, read_recordings

LIVE_WINDOW = 60
LATENCIES = 10_000
"""Windows of a stream of which the latency is kept: a stream has no end."""
OF_IMPORT = (
    *("source_layout", "derive", "units", "up", "picture", "fps", "resample"),
    *("missing", "max_gap", "min_confidence", "insist"),
)


class PredictConfig(RecipeSection):
    """Recognise actions in recordings, or live."""

    model: CliPositionalArg[str] = Field(description="Fine-tuned run, folder of a model, or hf://OWNER/NAME.")
    recordings: CliPositionalArg[tuple[Path, ...]] = Field((), description="Files and folders.")
    live: bool = Field(False, description="Read frames from the standard input, a JSON array a line.")
    top: int = Field(5, ge=1, description="Number of classes to print, best first.")
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
    torch: bool = Field(False, description="Run the network in torch also where the model has a model.onnx.")

    @model_validator(mode="after")
    def _one_source(self) -> PredictConfig:
        if bool(self.recordings) == self.live:
            raise ValueError("name recordings, or say live; one of the two")
        length = self.window or (LIVE_WINDOW if self.live else None)
        if self.stride is not None and (length is None or self.stride > length):
            raise ValueError(f"stride {self.stride} needs a window that is at least as long")
        return self


def _line(answer: Answer, config: PredictConfig, latency: float | None) -> str:
    if config.format == "json":
        timed = {} if latency is None else {"latency_ms": latency}
        return json.dumps(answer.as_dict(config.top) | timed)
    text = as_table(answer, config.top, windows=config.live or config.window is not None)
    return text if latency is None else f"{text} ({latency} ms)"


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
        recogniser = _recogniser(config)
    refused: list[str] = []
    if config.live:
        _print_live(recogniser, config, lines, out)
        return
    given = ImportConfig(**{name: getattr(config, name) for name in OF_IMPORT})
    recordings = read_recordings(config.recordings, recogniser.preprocessing, given, refused=refused)
    with input_errors():
        windows = Windows(*(None if each is None else str(each) for each in (config.window, config.stride)))
        for answer in recogniser.recognise(recordings, windows, batch_size=config.batch_size):
            print(_line(answer, config, None), file=out, flush=True)
    if refused:
        raise InputError("\n".join(refused))


def _recogniser(config: PredictConfig) -> Recogniser:
    """Load the model: without torch where it has a `model.onnx`, unless the options want torch."""
    fused = (Path(config.model) / ONNX).is_file()  # or not, but complete
    path = Path(config.model) if fused else locate(config.model)
    if (path / ONNX).is_file() and not config.torch:
        return Recogniser.load(path)
    from skeleton_lab.inference.recogniser import Recogniser as TorchRecogniser

    return TorchRecogniser(SavedModel.open(config.model))


def _print_live(recogniser: Recogniser, config: PredictConfig, lines: Iterable[str], out: TextIO) -> None:
    window = config.window or LIVE_WINDOW
    if config.resample is not None:
        raise InputError("resample: a stream is recognised at its own rate")
    with input_errors():
        stream = recogniser.stream(
            window=str(window),
            stride=str(config.stride or max(1, window // 2)),
            fps=config.fps,
            source_layout=config.source_layout,
            derive=config.derive,
            units=config.units,
            up="y" if config.up == "auto" else config.up,
            picture=config.picture,
            insist=config.insist,
        )
    count, latencies = 0, deque[float](maxlen=LATENCIES)
    try:
        with input_errors():
            for answer, latency in answer_lines(stream, lines):
                print(_line(answer, config, latency), file=out, flush=True)
                latencies.append(latency)
                count += 1
    except KeyboardInterrupt:  # the end of a stream that has none of its own
        pass
    if latencies:
        told = f"{count} windows, {median(latencies):.2f} ms median, {max(latencies):.2f} ms at most"
        last = f" of the last {LATENCIES}" if count > LATENCIES else ""
        print(f"predict: {told}{last}, from the last frame to the answer", file=sys.stderr)


@exit_on_bad_input("predict")
def main() -> None:
    """Recognise what the command line names."""
    run(read_options(PredictConfig, sys.argv[1:], program="predict"), lines=sys.stdin, out=sys.stdout)


if __name__ == "__main__":
    main()
