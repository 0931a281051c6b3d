"""`skeleton-data info`: what is in a store?"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import CliPositionalArg


class InfoCommand(BaseModel):
    """Print what is in a store: clips, layout, classes, subjects, where it came from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: CliPositionalArg[Path] = Field(description="Folder of the store.")

    def cli_cmd(self) -> None:
        """Print the facts."""
        import numpy as np

        from skeleton_data.splits.own import own_splits
        from skeleton_data.store.store import SkeletonStore

        store = SkeletonStore.open(self.store)
        frames = np.asarray(store.index.frames)
        labels = store.index.label[store.index.label >= 0]
        size = sum(file.bytes for file in store.meta.files.values())
        facts = {
            "clips": f"{len(store):,}",
            "layout": f"{store.layout.name}, {len(store.layout.joints)} joints",
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
        for name, value in facts.items():
            print(f"{name:<12} {value}")


def _counts(column: object) -> str:
    """Return values and how many clips have them."""
    import numpy as np

    values, counts = np.unique(np.asarray(column), return_counts=True)
    known = values >= 0
    shown = ", ".join(
        f"{value} ({count:,})" for value, count in zip(values[known], counts[known], strict=True)
    )
    return shown or "unknown"
