"""`skeleton-data info`: what is in a store, and what are the joints of a layout?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import CliPositionalArg

from skeleton_data.layouts.layout import SkeletonLayout, layout, layout_names

if TYPE_CHECKING:
    from skeleton_data.store.store import SkeletonStore


class InfoCommand(BaseModel):
    """Print what is in a store (clips, layout, classes, subjects, source), or the joints of a layout."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: CliPositionalArg[Path] = Field(
        description="Folder of the store; or the name of a layout (kinect_v1) or its .toml file."
    )

    def cli_cmd(self) -> None:
        """Print the facts."""
        from skeleton_data.store.store import SkeletonStore

        name = str(self.store)
        if name.endswith(".toml") or (name in layout_names() and not self.store.exists()):
            facts = _of_layout(layout(name))
        else:
            facts = _of_store(SkeletonStore.open(self.store))
        for fact, value in facts.items():
            print(f"{fact:<12} {value}")


def _of_layout(skeleton: SkeletonLayout) -> dict[str, str]:
    """Return its name and its joints in order."""
    return {
        "layout": f"{skeleton.name}, {len(skeleton.joints)} joints",
        "joints": ", ".join(skeleton.joints),
    }


def _of_store(store: SkeletonStore) -> dict[str, str]:
    """Return what a store holds."""
    import numpy as np

    from skeleton_data.splits.own import own_splits

    frames = np.asarray(store.index.frames)
    labels = store.index.label[store.index.label >= 0]
    size = sum(file.bytes for file in store.meta.files.values())
    return {
        "clips": f"{len(store):,}",
        **_of_layout(store.layout),
        "frames": f"{frames.sum():,} in all; {frames.min()} to {frames.max()} for each clip, with a"
        f" median of {int(np.median(frames))}; {store.fps:g} frames per second",
        "bodies": _counts(store.index.bodies),
        "classes": f"{len(np.unique(labels))} in {len(labels):,} labelled clips"
        + (f", {len(store.class_names)} named" if store.class_names else ""),
        "subjects": _counts(store.index.subject),
        "cameras": _counts(store.index.camera),
        "setups": _counts(store.index.setup),
        "own splits": "; ".join(
            f"{name}: {len(sides.train):,} train, {len(sides.validation):,} validation, "
            f"{len(sides.test):,} test"
            for name, sides in own_splits(store).items()
        )
        or "none",
        "size": f"{size / 1e6:,.1f} MB",
        "written by": store.meta.written_by,
        "source": json.dumps(store.meta.source),
        "class names": ", ".join(store.class_names) or "none",
    }


def _counts(column: object) -> str:
    """Return values and how many clips have them."""
    import numpy as np

    values, counts = np.unique(np.asarray(column), return_counts=True)
    known = values >= 0
    shown = ", ".join(
        f"{value} ({count:,})" for value, count in zip(values[known], counts[known], strict=True)
    )
    return shown or "unknown"
