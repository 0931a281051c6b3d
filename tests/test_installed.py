"""What someone can do who has installed the wheels and has no clone.

The wheels of all packages are installed into an empty environment, and everything runs in an empty folder.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from urllib.request import urlopen

import pytest
from processes import TWO_PROCESSES, kill, of_this_machine

REPO = Path(__file__).parents[1]
PACKAGES = sorted(path.parent for path in REPO.glob("packages/*/pyproject.toml"))
pytestmark = pytest.mark.slow

TOY = (
    *("--training.batch_size", "6", "--model.encoder.width", "8", "--model.encoder.blocks", "[[8, 2]]"),
    *("--model.decoder.width", "8", "--model.decoder.qk_channels", "2"),
)
"""Options that make the pre-training of the demo small."""
EPOCHS, EPOCH = 6, 12 // 6
"""Epochs, and steps of one: 12 clips of two training subjects, in batches of 6."""

PROJECT = (
    "skeleton_lab/test_own_parts.py",
    "skeleton_lab/test_finetune_from.py",
    "skeleton_data/test_loading.py",
)
"""Tests of what a separate project does: parts of its own, models from anywhere, loaders of its own."""

PROGRAM = """
import torch
import skeleton_lab
from torch.utils.data import DataLoader
from skeleton_data import ClipSampling, ClipSet, SkeletonDataset, SkeletonStore, split
from skeletonmae import SkeletonMAE, SkeletonMAEConfig

torch.manual_seed(0)
store = SkeletonStore.open("data/demo")
clips = ClipSet(store, split(store.index, "ntu60-xsub").train)
dataset = SkeletonDataset([clips], ClipSampling(frames=20), bodies=2, training=True)
encoder = {"blocks": [[8, 2]], "tuple_frames": 2}
model = SkeletonMAE(SkeletonMAEConfig(encoder=encoder, decoder={"width": 8, "depth": 1, "qk_channels": 2}))
optimizer, losses = torch.optim.AdamW(model.parameters(), lr=1e-2), []
for epoch in range(4):
    for batch in DataLoader(dataset, 6, shuffle=True):
        loss = model(batch.joints, generator=torch.Generator().manual_seed(0)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
assert losses[-1] < losses[0], losses

tuned = skeleton_lab.SavedModel.open("runs/finetune/demo")
assert tuned.load()(batch.joints).shape == (6, 3)
print(skeleton_lab.__file__)
"""


@dataclass(frozen=True)
class Installation:
    """An environment with the wheels in it, and a folder to work in."""

    bin: Path
    folder: Path

    def start(self, program: str, *arguments: object) -> subprocess.Popen:
        """Start a program of the environment in the folder."""
        return subprocess.Popen(
            [self.bin / program, *map(str, arguments)],
            cwd=self.folder,
            env=of_this_machine(self.folder / "home"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, program: str, *arguments: object) -> str:
        """Run a program; what it prints."""
        process = self.start(program, *arguments)
        try:
            output, _ = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            output, _ = process.communicate()
        assert process.returncode == 0, output
        return output

    def json(self, path: str) -> dict:
        """A file of JSON in the folder."""
        return json.loads((self.folder / path).read_text())


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels in dist/, and the versions of the tests' own environment in versions.txt."""
    home = tmp_path_factory.mktemp("installed")
    for package in PACKAGES:
        build = ("-m", "hatchling", "build", "--target", "wheel", "--directory", home / "dist")
        subprocess.run([sys.executable, *build], cwd=package, check=True, capture_output=True)
    own = {package.name for package in PACKAGES}
    others = {each.metadata["Name"]: each.version for each in distributions()}
    versions = [f"{name}=={version}\n" for name, version in others.items() if name not in own]
    (home / "versions.txt").write_text("".join(versions))
    return home


@pytest.fixture(scope="module")
def installation(wheels: Path) -> Installation:
    """Install all packages, in the versions of the tests' own environment."""
    return install(wheels, "all", "pytest", "hypothesis", *(wheels / "dist").iterdir())


def install(wheels: Path, name: str, *wanted: str | Path) -> Installation:
    """Install into an empty environment: wheels by path, because an index may know others of these names.

    The others are in uv's cache, where this environment came from it; else they are downloaded.
    """
    bin = wheels / name / "environment" / "bin"
    assert not uv(wheels, "venv", "--python", sys.executable, bin.parent)
    add(wheels, bin, *wanted)
    (wheels / name / "work").mkdir()
    return Installation(bin, wheels / name / "work")


def add(wheels: Path, bin: Path, *wanted: str | Path) -> None:
    """Install into an environment."""
    command = ("pip", "install", "--python", bin / "python", "--constraint", wheels / "versions.txt", *wanted)
    failed = uv(wheels, *command, "--offline") and uv(wheels, *command)
    if failed and "Failed to fetch" in failed and not os.environ.get("CI"):
        pytest.skip(f"torch and others are not in uv's cache, and there is no package index: {failed}")
    assert not failed, failed


def uv(folder: Path, *arguments: object) -> str:
    """Run uv in a folder, where it does not see the workspace; what it complains of if it fails."""
    command = [sys.executable, "-m", "uv", "--quiet", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def test_training_without_a_clone(installation: Installation) -> None:
    """Pre-train in two processes, be killed, resume, fine-tune, evaluate, predict; then train from Python."""
    run, launch = installation.run, ("launch", *TWO_PROCESSES, "-m")
    raw = ("synth", "raw", "--classes", "3", "--subjects", "4", "--views", "2", "--repeats", "1")
    run("skeleton-data", *raw)
    run("skeleton-data", "prepare", "raw", "data/demo", "--workers", "1")

    length = ("--training.epochs", EPOCHS, "--data.validation", "0")
    pretraining = (*launch, "skeleton_lab.pretrain", "pretrain/demo", *TOY, *length)
    folder = installation.folder / "runs/pretrain/demo"
    process = installation.start("accelerate", *pretraining)
    while process.poll() is None and not list(folder.glob("checkpoints/step-*")):
        time.sleep(0.01)
    kill(process.pid)
    printed, _ = process.communicate()
    assert process.returncode < 0 and not (folder / "result.json").exists(), printed
    written = (folder / "config.toml").stat().st_mtime_ns
    run("accelerate", *pretraining, "--resume")
    assert (folder / "config.toml").stat().st_mtime_ns == written
    result = installation.json("runs/pretrain/demo/result.json")
    assert (result["num_processes"], result["steps"]) == (2, EPOCHS * EPOCH)

    tuning = ("--pretrained", folder, "--model.width", "8", "--model.blocks", "[[8, 2]]")
    tuning += ("--training.batch_size", "4", "--training.steps", "4", "--training.eval_every", "2")
    run("accelerate", *launch, "skeleton_lab.finetune", "finetune/demo", *tuning, "--data.validation", "0.5")
    result = installation.json("runs/finetune/demo/result.json")
    assert (result["num_processes"], result["test"]["clips"]) == (2, 12)
    (events,) = (installation.folder / "runs/finetune/demo/tensorboard").glob("events.*")
    assert b"validation/top1" in events.read_bytes()

    printed = run("skeleton-lab", "evaluate", folder)
    methods = installation.json("runs/pretrain/demo/evaluation-test/evaluation.json")["methods"]
    assert methods.keys() == {"linear probe", "nearest neighbours"}
    assert all(name in printed for name in methods)

    recording = min((installation.folder / "raw").glob("*.skeleton"))
    answer = json.loads(run("skeleton-lab", "predict", "runs/finetune/demo", recording, "--format", "json"))
    assert answer["file"] == str(recording)
    assert sum(answer["classes"].values()) == pytest.approx(1, abs=0.01)

    (place,) = run("python", "-c", PROGRAM).splitlines()
    assert Path(place).is_relative_to(installation.bin.parent)


ANSWERS = """
import json, sys
from skeleton_runtime import Recogniser
from skeleton_runtime.cli.main import main

model = Recogniser.load("model")
print(json.dumps([answer.as_dict(5) for answer in model.predict("raw")]))
for package in sys.argv[1:]:
    main(["web", "model", "page", "--onnxruntime-web", package])
assert not {"torch", "onnx", "matplotlib", "huggingface_hub"} & sys.modules.keys()
assert "numpy.ma" not in sys.modules, "every first answer would wait for it"
"""


def test_the_runtime_has_no_torch(wheels: Path) -> None:
    """Two wheels in an empty environment answer from the command line, Python, HTTP and the page alike."""
    two = [next((wheels / "dist").glob(f"skeleton_{name}-*.whl")) for name in ("data", "runtime")]
    alone = install(wheels, "runtime", *two)
    packages = alone.bin.parent.glob("lib/python*/site-packages/*.dist-info")
    names = {package.name.partition("-")[0] for package in packages}
    assert {"skeleton_data", "skeleton_runtime", "onnxruntime"} < names
    assert not {"torch", "onnx", "accelerate", "matplotlib", "skeleton_lab", "sttformer"} & names
    support, page = REPO / "tests" / "skeleton_runtime" / "support", os.environ.get("ONNXRUNTIME_WEB")
    shutil.copytree(support / "model", alone.folder / "model")
    raw = ("synth", "raw", "--classes", "3", "--subjects", "2", "--views", "1", "--repeats", "1")
    alone.run("skeleton-data", *raw)
    lines = alone.run("skeleton-predict", "model", "raw", "--format", "json").splitlines()
    answers = [json.loads(line) for line in lines]
    assert len(answers) == 6
    assert json.loads(alone.run("python", "-c", ANSWERS, *filter(None, [page])).splitlines()[0]) == answers
    add(wheels, alone.bin, f"skeleton-runtime[serve] @ {two[1].as_uri()}")
    files = sorted((alone.folder / "raw").glob("*.skeleton"))
    assert_alike(over_http(alone, files), answers)
    if page and shutil.which("node"):
        assert_alike(of_the_page(alone.folder / "page" / "static", Path(page), files), answers)


def over_http(alone: Installation, files: list[Path]) -> list[dict]:
    """What `skeleton-predict serve` answers for files that are sent to it."""
    process, answers = alone.start("skeleton-predict", "serve", "model", "--port", 0), []
    try:
        address = process.stdout.readline().split(" ")[-1].strip()
        for file in files:
            with urlopen(f"{address}predict?name={file.name}", file.read_bytes(), 60) as answer:
                answers += json.load(answer)["answers"]
    finally:
        process.terminate()
        printed, _ = process.communicate()
    assert process.returncode in (0, -signal.SIGTERM), printed
    return answers


def of_the_page(static: Path, runtime: Path, files: list[Path]) -> list[dict]:
    """What the scripts of the page, which `skeleton-predict web` has written, answer for files."""
    card = json.loads((static / "model.json").read_text())
    cases = [{"name": each.name, "text": each.read_text(), "card": card, "options": {}} for each in files]
    given = {"folder": str(static), "cases": cases}
    given |= {"runtime": str(runtime), "weights": str(static / "model.onnx")}
    script = REPO / "tests" / "skeleton_runtime" / "support" / "prepare.mjs"
    done = subprocess.run(["node", script], input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [answer for (answer,) in json.loads(done.stdout)]


def assert_alike(answers: list[dict], others: list[dict]) -> None:
    """The same frames and classes, probabilities to 1e-4."""
    assert len(answers) == len(others)
    for answer, other in zip(answers, others, strict=True):
        for field in ("clip", "label", "first_frame", "last_frame", "bodies", "start", "end"):
            assert answer[field] == other[field]
        assert answer["classes"] == pytest.approx(other["classes"], abs=1e-4)


def test_a_separate_project(installation: Installation) -> None:
    """The tests of what a separate project does pass outside the clone, with the wheels alone."""
    tests = installation.folder / "tests"
    shutil.copytree(REPO / "tests", tests, ignore=shutil.ignore_patterns("__pycache__"))
    options = ("-q", "--rootdir", installation.folder, "--import-mode", "importlib", "-p", "no:cacheprovider")
    options += ("-o", f"pythonpath={tests / 'support'} {tests / 'skeleton_data' / 'support'}")
    printed = installation.run("python", "-m", "pytest", *options, *(tests / name for name in PROJECT))
    assert " passed" in printed and "failed" not in printed
