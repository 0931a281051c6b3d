"""Recognise actions in recordings, or live.

    skeleton-lab predict runs/tuned recording.skeleton more/ own.npz --top 3
    skeleton-lab predict runs/tuned long.npz --window 2s --stride 0.5s --format json
    skeleton-lab predict runs/tuned long.npz --window 2s --smooth 3 --events --format csv --timeline long.png
    python tracker.py | skeleton-lab predict runs/tuned --live --window 2s --stride 0.2s

MODEL is a fine-tuned run, a model's folder, or hf://OWNER/NAME; it carries class names, joints and sampling.
A recording is a raw .skeleton file, own data in an .npz, a folder of them, or any data set that
`skeleton-data import` reads; joints are found by name. With --live the standard input has one frame a line, a
JSON array of joints [[x, y, z], ...] or of bodies [[[x, y, z], ...], ...]; each answer comes with the time
that it took.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, Literal, TextIO

from pydantic import Field, model_validator
from pydantic_settings import CliPositionalArg

from skeleton_data import ImportConfig, Missing, Picture, Up
from skeleton_lab.errors import InputError, exit_on_bad_input, input_errors, writing
from skeleton_lab.models.model_folder import ONNX, locate
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.recipe import RecipeSection, read_options
from skeleton_lab.runs.workers import tell_notes
from skeleton_runtime import (
    Answer,
    Event,
    Recogniser,
    Windows,
    answer_lines,
    csv_header,
    find_events,
    formatter,
    read_recordings,
)

LIVE_WINDOW = "60"
PICTURES = (".png", ".svg", ".pdf")
LATENCIES = 10_000
"""Windows of a stream of which the latency is kept: a stream has no end."""
OF_IMPORT = (
    *("source_layout", "derive", "units", "up", "picture", "fps", "resample"),
    *("missing", "max_gap", "min_confidence", "insist"),
)
OF_FILES = ("resample", "missing", "max_gap", "min_confidence", "batch_size")
"""Options that a stream does not have."""


class PredictConfig(RecipeSection):
    """Recognise actions in recordings, or live in a stream of frames."""

    model: CliPositionalArg[str] = Field(
        description="A fine-tuned run, the folder of a model, or hf://OWNER/NAME."
    )
    recordings: CliPositionalArg[tuple[Path, ...]] = Field((), description="Files and folders of recordings.")
    live: bool = Field(
        False, description="Whether to read frames from the standard input, one JSON array a line."
    )
    top: int = Field(5, ge=1, description="Number of classes to print, the most probable first.")
    format: Literal["text", "json", "csv"] = Field(
        "text", description="Format of the output: lines of text, a JSON object a line, or CSV."
    )
    window: str | None = Field(
        None,
        description=(
            "Length of the sliding window, at least one frame, in frames (60) or seconds (2s) "
            "(default: the whole recording; live: 60)."
        ),
    )
    stride: str | None = Field(
        None,
        description=(
            "Distance between two windows, at least one frame and at most a window, in frames or "
            "seconds (default: half a window; live: at most 0.5s)."
        ),
    )
    threshold: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            'Probability of the best class below which the answer is "unknown", 0 to 1 '
            "(default: the model's)."
        ),
    )
    smooth: int = Field(
        1,
        ge=1,
        le=10_000,
        description="Number of windows over which probabilities are averaged, the last one among them.",
    )
    events: bool = Field(
        False, description="Whether to print when each action begins and ends, instead of each window."
    )
    timeline: Path | None = Field(None, description="File of a picture of the events: .png, .svg or .pdf.")
    source_layout: str | None = Field(
        None,
        description=("Skeleton layout of recordings that do not name their joints (default: the model's)."),
    )
    derive: bool = Field(
        False,
        description=(
            "Whether joints that the recordings lack are computed from others, such as the "
            "middle of the hips."
        ),
    )
    units: Literal["auto", "m", "cm", "mm", "px"] = Field(
        "auto",
        description="Unit of the positions, px for pixels; auto: what the recording says, or its format's.",
    )
    up: Literal["auto", Up] = Field(
        "auto",
        description="Axis that points up, -y where y points down (default: by training or format; live: y).",
    )
    picture: Picture | None = Field(
        None, description="Width and height of the picture in pixels, where positions are pixels: 640x480."
    )
    fps: float | None = Field(None, gt=0, description="Frames per second of recordings that do not say it.")
    resample: float | None = Field(
        None,
        gt=0,
        description="Frames per second to which recordings are resampled, by linear interpolation.",
    )
    missing: Missing = Field(
        "interpolate",
        description=(
            "What to do about joints that were not measured: refuse the recording, interpolate "
            "in time, hold the last position, or drop the frame."
        ),
    )
    max_gap: str = Field(
        "0.5s", description="Longest gap that is filled, from 0, in frames (15) or seconds (0.5s)."
    )
    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Confidence below which a joint counts as missing, 0 to 1 (default: by the format).",
    )
    insist: bool = Field(
        False, description="Whether to predict for implausible recordings too, such as bodies of 50 m."
    )
    batch_size: int = Field(64, ge=1, description="Windows per batch.")
    torch: bool = Field(
        False, description="Whether to run the network in torch even if the model has a model.onnx."
    )

    @model_validator(mode="after")
    def _one_source(self) -> PredictConfig:
        if bool(self.recordings) == self.live:
            both = "give recordings or live, not both"
            raise ValueError(both if self.live else "name a recording, or give live")
        if self.stride is not None and self.window is None and not self.live:
            raise ValueError(f"stride {self.stride} needs a window that is at least as long")
        if self.smooth > 1 and self.window is None and not self.live:
            raise ValueError(f"smooth: {self.smooth} windows are averaged, so it needs a window, such as 2s")
        if self.events and "top" in self.model_fields_set:
            raise ValueError(f"top: {self.top}, but an event has one class; leave out top or events")
        if self.live and (given := self.model_fields_set & set(OF_FILES)):
            raise ValueError(f"{', '.join(sorted(given))}: said of recordings alone, not of a stream (live)")
        if self.missing in ("refuse", "drop-frame") and "max_gap" in self.model_fields_set:
            raise ValueError(f"max_gap: {self.max_gap}, but with missing {self.missing} no gap is filled")
        if self.timeline is not None and self.timeline.suffix not in PICTURES:
            raise ValueError(f"timeline: {self.timeline} ends in none of {', '.join(PICTURES)}")
        return self


def _line(answer: Answer | Event, config: PredictConfig, latency: float | None) -> str:
    style: Any = "table" if config.format == "text" else config.format
    line = formatter(style, config.top, windows=config.live or config.window is not None)(answer)
    if latency is None or config.format == "csv":
        return line
    return line[:-1] + f', "latency_ms": {latency}}}' if config.format == "json" else f"{line} ({latency} ms)"


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
    notes = list(filter(None, [Windows(config.window).note]))
    found: list[Event] = []
    header = [csv_header(events=config.events)] if config.format == "csv" else []

    def say(line: str) -> None:
        print(*header, line, sep="\n", file=out, flush=True)
        header.clear()

    with input_errors():
        if config.live:
            answers = _live(recogniser, config, lines)
        else:
            answers = ((answer, None) for answer in _files(recogniser, config, refused, notes))
        for event in find_events(_said(answers, config, say)):
            if config.events:
                say(_line(event, config, None))
            if config.timeline:
                found.append(event)
    if config.timeline:
        from skeleton_lab.pictures.timeline import draw_timeline

        with writing(config.timeline):
            draw_timeline(found, config.timeline)
    tell_notes("predict", notes)
    if refused:
        raise InputError("\n".join(refused))
    for unused in header:  # there is no answer, and nothing is wrong
        print(unused, file=out)


def _said(
    answers: Iterable[tuple[Answer, float | None]], config: PredictConfig, say: Callable[[str], None]
) -> Iterator[Answer]:
    """Pass answers on, printed unless events are."""
    for answer, latency in answers:
        if not config.events:
            say(_line(answer, config, latency))
        yield answer


def _files(
    recogniser: Recogniser, config: PredictConfig, refused: list[str], notes: list[str]
) -> Iterator[Answer]:
    given = ImportConfig(**{name: getattr(config, name) for name in OF_IMPORT})
    recordings = read_recordings(
        config.recordings, recogniser.preprocessing, given, refused=refused, notes=notes
    )
    return recogniser.recognise(
        recordings,
        Windows(config.window, config.stride),
        threshold=config.threshold,
        smooth=config.smooth,
        batch_size=config.batch_size,
    )


def _recogniser(config: PredictConfig) -> Recogniser:
    """Load the model: without torch where it has a `model.onnx`, unless the options want torch."""
    fused = (Path(config.model) / ONNX).is_file()  # or not, but complete
    path = Path(config.model) if fused else locate(config.model)
    if (path / ONNX).is_file() and not config.torch:
        return Recogniser.load(path)
    from skeleton_lab.inference.recogniser import Recogniser as TorchRecogniser

    return TorchRecogniser(SavedModel.open(config.model))


def _live(
    recogniser: Recogniser, config: PredictConfig, lines: Iterable[str]
) -> Iterator[tuple[Answer, float | None]]:
    stream = recogniser.stream(
        window=config.window or LIVE_WINDOW,
        stride=config.stride,
        threshold=config.threshold,
        smooth=config.smooth,
        fps=config.fps,
        source_layout=config.source_layout,
        derive=config.derive,
        units=config.units,
        up=config.up,
        picture=config.picture,
        insist=config.insist,
    )
    count, latencies = 0, deque[float](maxlen=LATENCIES)
    try:
        for answer, latency in answer_lines(stream, lines):
            yield answer, latency
            latencies.append(latency)
            count += 1
    except KeyboardInterrupt:  # the end of a stream that has none of its own
        pass
    if latencies:
        summary = f"{count} windows, {median(latencies):.2f} ms median, {max(latencies):.2f} ms at most"
        last = f" of the last {LATENCIES}" if count > LATENCIES else ""
        print(f"predict: {summary}{last}, from the last frame to the answer", file=sys.stderr)


@exit_on_bad_input("predict")
def main() -> None:
    """Recognise what the command line names."""
    run(read_options(PredictConfig, sys.argv[1:], program="predict"), lines=sys.stdin, out=sys.stdout)


if __name__ == "__main__":
    main()
