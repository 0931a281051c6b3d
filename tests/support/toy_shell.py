"""A shell for the examples of documents: bash reads them, and this process does what they say, in small.

bash does what it does to loops, variables, pipes and globs. Commands of the project are functions there,
which hand their words over and wait; they run here, by the functions that the real commands call. Options for
a tiny run are appended, so that a misspelt option, a recipe that is not there or an app of another name fails
as it would for a user. `accelerate launch` is read by Accelerate's own parser; what it would launch is run in
one process.

Not run, but checked to name what is there: `hatch`, and `pip install` with folders, extras and siblings. Of
`sbatch` the script must be there, and what it starts is run.
"""

import contextlib
import importlib
import io
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from documents import REPO
from packaging.requirements import Requirement

FUNCTIONS = """
set -euo pipefail
ask() {
    if [ -p /dev/stdin ]; then cat >stdin; else : >stdin; fi
    printf '%s\\0' "$#" "$@" >&"$ASK"
    local status
    read -r status <&"$ANSWER"
    return "$status"
}
python() {
    case $1 in
        -m | apps/*) ask python "$@" ;;
        *) "$PYTHON" "$@" ;;
    esac
}
for name in accelerate skeleton-data skeleton-lab hatch pip uv sbatch; do
    eval "$name() { ask $name \\"\\$@\\"; }"
done
"""

TRAINING = "--training.steps 2 --training.batch_size 8 --run.tracker none --run.workers 0 "
ENCODER = "--model.encoder.width 8 --model.encoder.blocks [[8,2]] "
DECODER = "--model.decoder.width 8 --model.decoder.depth 1 --model.decoder.qk_channels 2"
TOY = {
    "pretrain": TRAINING + ENCODER + DECODER,
    "finetune": TRAINING + "--model.width 8 --model.blocks [[8,2]]",
    "reproduce": "--model toy --epochs 1 --steps 1 --seeds 1 --processes 1",
    "simple": "--training.steps 2",
    "synth": "--classes 2 --subjects 4 --views 1 --repeats 1",
    "prepare": "--workers 1",
    "import": "--workers 1",
    "verify": "--workers 1",
}
"""Options that make a run of an app, or of a command of `skeleton-data`, small."""

ROWS = {
    "table1": "random 0.5 0.5",
    "table4": "SkeletonMAE / STTFormer",
    "labels": "nearest clip",
    "targets": "joints / not normalised / loss on all",
    "masks": "joints only 0.75",
    "decoders": "from scratch",
    "length": "a third of the epochs",
    "transfer": "from scratch",
    "packing": "from scratch",
    "encoders": "transformer / from scratch",
    "training": "from scratch",
    "tuples": "tuples of 5 / from scratch",
    "frames": "20 frames / from scratch",
    "evaluation-mode": "from scratch",
    "overfitting": "from scratch",
    "ready": "skeletonmae-small / nearest neighbours per joint",
}
"""The row of a study that is run, if the example names none."""


def shortened(text: str) -> str:
    """The same shell text with loops over no more than their first two words."""
    return re.sub(r"(\bfor \w+ in \S+ [^\s;]+)[^;]*;", r"\1;", text)


def run_blocks(texts: Sequence[str], folder: Path) -> tuple[int, str]:
    """Let bash run texts one after another in a folder; its exit code, and what was printed."""
    ask, asked = os.pipe()
    heard, answer = os.pipe()
    script = FUNCTIONS + "".join(shortened(text) + "\n" for text in texts)
    environment = os.environ | {"ASK": str(asked), "ANSWER": str(heard), "PYTHON": sys.executable}
    with (
        contextlib.redirect_stdout(io.StringIO()) as printed,
        contextlib.redirect_stderr(printed),
        contextlib.chdir(folder),
        (folder / "bash-errors").open("w+") as errors,
        subprocess.Popen(
            ["bash", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=(asked, heard),
            env=environment,
        ) as bash,
    ):
        os.close(asked)
        os.close(heard)
        with open(ask, "rb") as questions, open(answer, "w") as answers:
            while words := _words(questions):
                print("$", *words)
                print(_status(words), file=answers, flush=True)
        code = bash.wait()
        errors.seek(0)
        print(errors.read())
    return code, printed.getvalue()


def _words(questions: io.BufferedReader) -> list[str]:
    def word() -> str:
        return b"".join(iter(lambda: questions.read(1), b"\0")).decode()

    return [word() for _ in range(int(word()))] if questions.peek(1) else []


def _status(words: Sequence[str]) -> int:
    """Do a command; its exit code."""
    try:
        _do(words)
    except SystemExit as left:
        if isinstance(left.code, str):
            print(left.code)
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    return 0


def _do(words: Sequence[str]) -> None:
    match words:
        case ["python", "-m", *rest]:
            _do(rest)
        case ["python", app, *options]:
            _app(app, options)
        case ["accelerate", "launch", *rest]:
            _launch(rest)
        case ["sbatch", "configs/accelerate/pretrain.slurm" as script, *options]:
            _there(REPO / script)
            _app("apps/pretrain.py", [*options, "--resume"])
        case ["skeleton-data", command, *options]:
            importlib.import_module("skeleton_data.cli.main").main(
                [command, *options, *TOY.get(command, "").split()]
            )
        case ["skeleton-lab", name, *options]:
            _call(name, options)
        case ["hatch", "build", "--all"] | ["pip", "install", "hatch"]:
            pass
        case ["hatch", "run", "python", *rest]:
            subprocess.run([sys.executable, *rest], check=True)
        case ["hatch", "run", script, *_]:
            _script(script)
        case ["pip", "wheel", "--wheel-dir", _, *packages]:
            _install(packages)
        case ["pip", "install", "--find-links", "dist", *packages] | [
            "pip",
            "install",
            "--no-index",
            "--find-links",
            _,
            *packages,
        ]:
            for package in packages:
                _project(package)
        case ["pip", "install", *packages]:
            _install(packages)
        case ["uv", "pip", "install", *packages]:
            _install(packages, finds_siblings=True)
        case _:
            sys.exit(f"no example of this is known: {words}")


def _app(path: str, options: Sequence[str]) -> None:
    _there(REPO / path)
    _call(Path(path).stem, options)


def _call(name: str, options: Sequence[str]) -> None:
    options = [*options, *TOY.get(name, "").split()]
    if name == "reproduce" and "--row" not in options:
        options += ["--row", ROWS[options[0]]]
    if "leave-one-subject-out" in options:
        options += ["--run.processes", "1"]  # others would load all libraries first
    before = sys.argv, sys.stdin
    try:
        with open("stdin", encoding="utf-8") as sys.stdin:
            sys.argv = ["skeleton-lab", name, *options]
            importlib.import_module("skeleton_lab.cli").main()
    finally:
        sys.argv, sys.stdin = before


def _launch(words: Sequence[str]) -> None:
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import launch_command_parser

    launched = launch_command_parser().parse_args(words)
    if launched.config_file is not None:
        _there(REPO / launched.config_file)
        load_config_from_file(launched.config_file)
    if launched.module:
        _call(launched.training_script.removeprefix("skeleton_lab."), launched.training_script_args)
    else:
        _app(launched.training_script, launched.training_script_args)


def _script(name: str) -> None:
    environment, _, script = name.rpartition(":")
    environment = environment.partition(".")[0]  # alone.sttformer is one of a matrix
    environments = tomllib.loads((REPO / "pyproject.toml").read_text())["tool"]["hatch"]["envs"]
    if script not in environments.get(environment or "default", {}).get("scripts", {}):
        sys.exit(f"hatch has no script {name}")


def _install(packages: Sequence[str], *, finds_siblings: bool = False) -> None:
    """Check that packages are named by folder or git, and so are siblings, which pip does not find."""
    named, needed = set(), set()
    for package in packages:
        project = _project(package)
        if not (package.startswith("./packages/") or " @ git+" in package):
            sys.exit(f"{package}: not published, so name its folder")
        named.add(project["name"])
        needed |= {Requirement(dependency).name for dependency in project["dependencies"]}
    siblings = {path.parent.name for path in REPO.glob("packages/*/pyproject.toml")}
    missing = needed & siblings - named
    if missing and not finds_siblings:
        sys.exit(f"pip does not find {', '.join(sorted(missing))}")


def _project(package: str) -> dict[str, Any]:
    """The table `project` of a package, given by folder, git address or name; its extras must be there."""
    requirement = Requirement(package.removeprefix("./packages/"))
    folder = f"packages/{requirement.name}"
    if requirement.url and not requirement.url.endswith(f"#subdirectory={folder}"):
        sys.exit(f"{package}: expected the subdirectory {folder}")
    _there(REPO / folder / "pyproject.toml")
    project = tomllib.loads((REPO / folder / "pyproject.toml").read_text())["project"]
    if missing := requirement.extras - project.get("optional-dependencies", {}).keys():
        sys.exit(f"{package}: no extra {', '.join(sorted(missing))}")
    return project


def _there(path: Path) -> None:
    if not path.is_file():
        sys.exit(f"{path}: no such file")
