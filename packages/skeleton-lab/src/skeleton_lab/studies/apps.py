"""The apps that a study runs, and all that it has to know of each: a new app is a new line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

AppName: TypeAlias = Literal["pretrain", "contrast", "finetune", "simple", "evaluate"]


@dataclass(frozen=True)
class App:
    """An app, which is the module `skeleton_lab.NAME` with a function `run` of its config.

    Attributes:
        config: Class of the config in that module.
        network: Field of the recipe that describes the encoder; empty where it has none.
        starts_from: Field of the recipe that names the run of a pre-training; empty where it has none.
        trains: Whether it reads a recipe and makes a run folder that can be resumed. One that does not reads
            options alone, among them the models that it looks at.
        result: File in its folder that tells that it came to its end, and with what.
    """

    config: str
    network: Literal["", "model", "model.encoder"] = ""
    starts_from: Literal["", "pretrained"] = ""
    trains: bool = True
    result: str = "result.json"

    def into(self, folder: Path) -> list[str]:
        """Options that say where it writes, and that it goes on with what is there."""
        return ["--run.folder", str(folder), "--run.resume"] if self.trains else ["--folder", str(folder)]


APPS: Mapping[AppName, App] = {
    "pretrain": App("PretrainConfig", network="model.encoder"),
    "contrast": App("ContrastConfig", network="model"),
    "finetune": App("FinetuneConfig", network="model", starts_from="pretrained"),
    "simple": App("SimpleConfig"),
    "evaluate": App("EvaluateConfig", trains=False, result="evaluation.json"),
}
