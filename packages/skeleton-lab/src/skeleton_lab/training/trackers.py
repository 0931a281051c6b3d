"""Trackers: where curves go besides metrics.jsonl."""

from __future__ import annotations

from importlib.util import find_spec

from accelerate import Accelerator

from skeleton_lab.errors import InputError
from skeleton_lab.runs.folder import RunFolder, Tracker


def require_tracker(tracker: Tracker) -> None:
    """See that a tracker can be used; Accelerate itself would leave one out that is not installed.

    Raises:
        InputError: If its package is not installed.
    """
    if tracker != "none" and find_spec(tracker) is None:
        raise InputError(f"run.tracker: {tracker} is not installed (pip install {tracker})")


def begin_tracking(accelerator: Accelerator, tracker: Tracker, folder: RunFolder, *, start: int) -> None:
    """Open a run of the tracker on the main process, with the recipe.

    A run that was resumed goes on in TensorBoard; W&B and MLflow show it as another one of the same name.
    """
    options = {
        "tensorboard": {"purge_step": start},
        "wandb": {"name": folder.path.name, "group": folder.path.name, "dir": str(folder.path)},
        "mlflow": {"run_name": folder.path.name},
        "none": {},
    }
    project = "tensorboard" if tracker == "tensorboard" else "skeletonmae"
    recipe = None if tracker == "tensorboard" else folder.config
    accelerator.init_trackers(project, config=recipe, init_kwargs={tracker: options[tracker]})
