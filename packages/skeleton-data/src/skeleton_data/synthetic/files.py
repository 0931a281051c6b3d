"""Synthetic clips as a folder of raw NTU files."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from skeleton_data.errors import DataError
from skeleton_data.ntu.recording import write_skeleton
from skeleton_data.replacing import replacing_folder
from skeleton_data.synthetic.config import SyntheticConfig
from skeleton_data.synthetic.generate import generate

CLASS_NAMES = "class_names.txt"
"""File with one class name per line, in the order of the labels."""


def write_synthetic(config: SyntheticConfig, folder: str | Path, *, progress: bool = False) -> int:
    """Write a synthetic data set as `SsssCcccPpppRrrrAaaa.skeleton` files and a list of class names.

    The folder appears when it is complete; until then the files are in a temporary one beside it. The same
    config gives the same bytes.

    Args:
        config: What to generate.
        folder: Where to write; must not exist, or be empty.
        progress: Whether to show a progress bar.

    Returns:
        The number of clips written.

    Raises:
        DataError: `folder` is a file or has something in it.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError.at(
            folder, expected="a new or empty folder to write to", found="a folder with files in it"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with replacing_folder(folder.resolve(), overwrite=False) as draft:
        bar = tqdm(
            generate(config), total=config.clips, desc="synthetic clips", unit="clip", disable=not progress
        )
        for name, clip in bar:
            write_skeleton(draft / f"{name}.skeleton", clip)
        (draft / CLASS_NAMES).write_text("\n".join(config.class_names) + "\n", encoding="utf-8")
    return config.clips
