"""`skeleton-data draw`: look at clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import CliPositionalArg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from skeleton_data.store.store import SkeletonStore

_STRIPS = (".png", ".svg", ".pdf")
_ENDINGS = (*_STRIPS, ".gif", ".html")


class DrawCommand(BaseModel):
    """Draw one clip of a store, or two side by side.

    The ending of OUTPUT chooses the form. .png, .svg, .pdf: some frames along a time line. .gif: the clip as
    it moves. .html: a page that plays it in 3D in any browser, without a connection; turn it by dragging,
    scrub with the slider. All but the page need `pip install skeleton-data[draw]`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: CliPositionalArg[Path] = Field(description="Folder of the store.")
    output: CliPositionalArg[Path] = Field(description="The new .png, .svg, .pdf, .gif or .html file.")
    clip: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)] = Field(
        default=("0",),
        description="Name of a clip, or its number from 0; given twice, two clips are drawn side by side.",
    )
    frames: int = Field(
        default=8, ge=1, le=100, description="Number of frames in a strip (.png, .svg, .pdf), 1 to 100."
    )
    overwrite: bool = Field(default=False, description="Whether to replace a file that is already there.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.output.suffix not in _ENDINGS:
            raise ValueError(f"output must end in {', '.join(_ENDINGS)}, got {str(self.output)!r}")
        if len(self.clip) == 2 and self.output.suffix in _STRIPS:
            raise ValueError("a strip shows one clip; choose .gif or .html for two")
        return self

    def cli_cmd(self) -> None:
        """Draw the clips."""
        from skeleton_data.errors import DataError
        from skeleton_data.store.store import SkeletonStore

        store = SkeletonStore.open(self.store)
        numbers = [_find(store, wanted) for wanted in self.clip]
        titles = [_title(store, number) for number in numbers]
        if len(set(titles)) < len(titles):
            titles[1] += " (again)"
        clips = {title: store.read(number) for title, number in zip(titles, numbers, strict=True)}
        try:
            self._draw(store, clips)
        except ModuleNotFoundError as error:
            raise DataError(f"{error.name} is not installed: pip install skeleton-data[draw]") from None
        except DataError:
            raise
        except ValueError as error:
            raise DataError.at(self.store, str(error)) from None
        print(f"{self.output}: {', '.join(title.partition(chr(10))[0] for title in titles)}")

    def _draw(self, store: SkeletonStore, clips: dict[str, NDArray[np.float32]]) -> None:
        from skeleton_data.draw.gif import draw_gif
        from skeleton_data.draw.page import draw_page
        from skeleton_data.draw.strip import draw_strip

        match self.output.suffix:
            case ".html":
                draw_page(self.output, clips, store.layout, fps=store.fps, overwrite=self.overwrite)
            case ".gif":
                draw_gif(self.output, clips, store.layout, fps=store.fps, overwrite=self.overwrite)
            case _:
                title, clip = next(iter(clips.items()))
                name, _, note = title.partition("\n")
                label = note.replace(", subject ", "\nsubject ") or name
                draw_strip(
                    self.output,
                    {label: clip},
                    store.layout,
                    frames=self.frames,
                    title=name,
                    overwrite=self.overwrite,
                )


def _find(store: SkeletonStore, wanted: str) -> int:
    """Return the clip of that name, or of that number."""
    from skeleton_data.errors import DataError

    named = next((clip for clip in range(len(store)) if store.name(clip) == wanted), None)
    if named is not None:
        return named
    if wanted.isdecimal() and int(wanted) < len(store):
        return int(wanted)
    raise DataError.at(store.path, f"no clip named {wanted!r}; its numbers go from 0 to {len(store) - 1}")


def _title(store: SkeletonStore, clip: int) -> str:
    """Return name and class of a clip, and who moves, on two lines."""
    label, subject = int(store.index.label[clip]), int(store.index.subject[clip])
    action = store.class_names[label] if 0 <= label < len(store.class_names) else f"class {label}"
    facts = [action] * (label >= 0) + [f"subject {subject}"] * (subject >= 0)
    return "\n".join([store.name(clip), ", ".join(facts)]).rstrip("\n")
