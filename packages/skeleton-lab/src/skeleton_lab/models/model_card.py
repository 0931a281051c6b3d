"""The README.md of a model: what it is, what it was made from, how well it does, how it is loaded."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import tomli_w

from skeleton_data import printable
from skeleton_lab.models.model_folder import HUB, run_of
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.text_files import read_toml
from skeleton_lab.runs.results import SELECTIONS, FinetuneResult, RunResult
from skeletonmae import Plugin

CARD = "README.md"
PLACES = {"sttformer": ("sttformer", "STTFormer"), "transformer": ("skeletonmae", "Transformer")}
PLACES |= {"stgcn": ("skeleton_baselines", "STGCN")}
"""Package and class of each kind of network that is built in."""


_MARKS = re.compile(r"[\\`*\[\]<>|&]|(?<!\S)[-+=~#]|(?<=\d)[.)](?=\s)|(?<!\w)_|_(?!\w)")
"""What Markdown may take for a mark: of words, links, cells and entities, and those that begin a line."""


def plain(name: str) -> str:
    r"""Return a name so that Markdown shows it as it is, in a line.

    Example:
        >>> print(plain("a|b <img> `x` # 1. kinect_v1"))
        a\|b \<img\> \`x\` \# 1\. kinect_v1
    """
    return _MARKS.sub(r"\\\g<0>", printable(name))


def model_card(model: SavedModel, results: Sequence[RunResult] = (), *, licence: str = "other") -> str:
    """Write the card of a model in Markdown, with the header that the Hugging Face Hub reads.

    Args:
        model: The model; the card has its recipe if it lies in a run.
        results: What the run, or all runs of several seeds, ended with.
        licence: Identifier of the weights' licence.
    """
    package, network = PLACES.get(model.config.kind, ("skeletonmae", "TokenClassifier"))
    preprocessing, classes = model.preprocessing, model.preprocessing.classes
    what = f"recognises {len(classes)} actions" if classes else "encodes actions, pre-trained without labels"
    sections = [
        f"---\nlibrary_name: {package}\nlicense: {licence}\ntags:\n- skeleton-action-recognition\n---",
        f"# {network} on {plain(preprocessing.layout.name)}\n\nA network that {what}, from 3D joints.",
        *_accuracy(results),
        *_data(model.recipe.get("data", {}), results),
        *_made_with(results),
        _input(model),
        "## Load\n\n" + _loading(model, package, network),
        *([f"## Classes\n\n{_wrapped(', '.join(map(plain, classes)))}"] if classes else []),
        *_recipe(model.recipe, classes),
        f"## Licence\n\nWeights: {licence}"
        + (", the terms of the data that they were trained on" if licence == "other" else "")
        + ". The code is Apache-2.0.",
    ]
    return "\n\n".join(sections) + "\n"


def onnx_section(agreement: str) -> str:
    """Write the section about `model.onnx`.

    Args:
        agreement: How far its answers are from those in torch, on which clips.
    """
    return (
        "## Without torch\n\n"
        "Install `skeleton-runtime` from a clone of the project, or from a wheel: it is not on the package "
        "index. Then `skeleton-predict FOLDER recording.skeleton` predicts, or in Python:\n\n"
        "```python\nfrom skeleton_runtime import Recogniser\n\n"
        'model = Recogniser.load("FOLDER_OR_HUB_NAME")\n```\n\n'
        "`model.onnx` maps `clips` (N, C, T, V, M), float32, prepared as its metadata `preprocessing` says, "
        f"to `scores` (N, K) of a classifier, and `features` (N, F). {agreement}\n"
    )


def _accuracy(results: Sequence[RunResult]) -> Iterator[str]:
    tests = [result.test for result in results if isinstance(result, FinetuneResult) and result.test]
    if not tests:
        return
    accuracies = [100 * test.top1 for test in tests]
    spread = f" ± {stdev(accuracies):.1f}" if len(tests) > 1 else ""
    seeds = f", mean and standard deviation of {len(tests)} runs" if len(tests) > 1 else ", one run"
    each = f" ({', '.join(f'{value:.1f}' for value in accuracies)})" if len(tests) > 1 else ""
    selected = {result.selected_by for result in results if isinstance(result, FinetuneResult)}
    chosen = " ".join(f"Weights are {SELECTIONS[how]}." for how in sorted(selected))
    yield (
        f"## Accuracy\n\n{mean(accuracies):.1f}{spread} % top-1 on {tests[0].clips} test clips{seeds}{each}. "
        f"{chosen}"
    )


def _data(data: Mapping[str, Any], results: Sequence[RunResult]) -> Iterator[str]:
    sources = data.get("sources", [data] if {"protocol", "split"} & data.keys() else [])
    if sources and results:
        where = [plain(f"{_name(source)} ({_division(source)})") for source in sources]
        labels = "without" if "sources" in data else "with"
        clips = f"{results[0].train_clips} clips {labels} labels"
        text = f"Trained on {clips}, of the training side of {', '.join(where)}."
        if learnt := getattr(results[0], "self_training", None):
            further = ", ".join(plain(Path(store).name) for store in data.get("unlabelled", ()))
            text += (
                f" Self-training learnt from {learnt.unlabelled_clips} further clips without labels"
                + f", those of {further} among them" * bool(further)
                + ", and from clips of the test side (transductive)" * learnt.transductive
                + "."
            )
        yield f"## Data\n\n{text}"


def _made_with(results: Sequence[RunResult]) -> Iterator[str]:
    """Return versions, hardware and fingerprints of the data of the first run."""
    if not results or not (made := results[0].made_with):
        return
    rows = made.rows()
    if results[0].data:
        rows["data"] = ", ".join(
            f"{Path(each.store).name}: {each.clips} clips, SHA-256 {each.sha256}" for each in results[0].data
        )
    table = "\n".join(f"| {name} | {plain(value)} |" for name, value in rows.items())
    yield f"## Made with\n\n| | |\n|---|---|\n{table}"


def _name(source: Mapping[str, Any]) -> str:
    return Path(source["store"]).name if "store" in source else str(source["dataset"]["kind"])


def _division(source: Mapping[str, Any]) -> str:
    """Return how a source is divided: a protocol, and of folds which, or the name of a split file."""
    division = Path(source["split"]).name if "split" in source else str(source.get("protocol", "all"))
    return f"{division}, fold {source['fold']}" if "fold" in source else division


def _input(model: SavedModel) -> str:
    layout, sampling = model.preprocessing.layout, model.preprocessing.sampling
    cleaning = model.preprocessing.cleaning
    origin = f"{layout.joints[layout.centre]} of body 0 in the first frame"
    rows = {
        "joints": f"{len(layout.joints)}, layout {layout.name}: {', '.join(layout.joints)}",
        "bodies": f"up to {model.preprocessing.bodies}",
        "frames": f"{sampling.frames}, resized from the middle {sampling.test_crop:.0%} of a clip",
        "coordinates": "metres, y up",
        "cleaning": f"{cleaning}, as by `skeleton_data.clean`" if cleaning else "that of the data",
        "origin": origin if sampling.origin == "first_frame" else "that of the data",
        "heading": "body 0 faces +z in the first frame" if sampling.face_forward else "that of the data",
        "stream": sampling.stream,
    }
    table = "\n".join(
        f"| {name} | {value if name == 'cleaning' else plain(value)} |" for name, value in rows.items()
    )
    return f"## Input\n\n| | |\n|---|---|\n{table}\n\n`preprocessing.json` holds all of it."


def _loading(model: SavedModel, package: str, network: str) -> str:
    lines = [
        f"from {package} import {network}",
        "",
        f'model = {network}.from_pretrained("FOLDER_OR_HUB_NAME")',
    ]
    answers = "class scores (N, K)" if model.is_classifier else "features (N, F)"
    lines.append(f"model(clips)  # clips (N, C, T, V, M) to {answers}")
    python = "```python\n" + "\n".join(lines) + "\n```"
    if isinstance(model.config, Plugin):
        kind = model.config.kind
        python += (
            f"\n\nThe network is the class `{kind}`, which is no part of these packages. Install the package "
            f"that has it, and allow its import: set `SKELETONMAE_TRUST={kind}` in the environment."
        )
    if not model.is_classifier:
        finetune = "`skeleton-lab finetune --pretrained FOLDER --data.store STORE --data.protocol PROTOCOL`"
        evaluate = "`skeleton-lab evaluate FOLDER`"
        return f"{python}\n\n{finetune} trains a classifier from it, and {evaluate} tests its features."
    return python + "\n\n`skeleton-lab predict FOLDER recording.skeleton` needs nothing else."


def _recipe(recipe: Mapping[str, Any], classes: Sequence[str]) -> Iterator[str]:
    """Return the recipe, the command that runs it, and the recipe of the pre-training that it began with."""
    if not recipe:
        return
    app = "contrast" if "method" in recipe else "finetune" if classes else "pretrain"
    yield (
        f"## Recipe\n\nRun it by `accelerate launch -m skeleton_lab.{app} recipe.toml --folder RUN`:\n\n"
        f"```toml\n{tomli_w.dumps(_without_paths(recipe)).strip()}\n```"
    )
    if "pretrained" in recipe and (run := run_of(Path(recipe["pretrained"]))):
        earlier = read_toml(run / "config.toml")
        yield from (
            part.replace("## Recipe", "## Recipe of the pre-training") for part in _recipe(earlier, ())
        )


def _without_paths(value: Any) -> Any:
    """Return a recipe without the machine's folders; the names of stores and runs are kept."""
    if isinstance(value, Mapping):
        named = {"store", "pretrained", "split", "layout"} & value.keys()
        return {key: _without_paths(each) for key, each in value.items()} | {
            key: value[key] if value[key].startswith(HUB) else Path(value[key]).name for key in named
        }
    return [_without_paths(each) for each in value] if isinstance(value, list) else value


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 110, break_long_words=False, break_on_hyphens=False))
