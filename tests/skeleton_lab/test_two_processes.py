"""Two real processes on the CPU, as `accelerate launch` starts them."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from processes import TWO_PROCESSES, kill, of_this_machine

from skeleton_lab import evaluate
from skeleton_lab.recipe.recipe import read_options, read_recipe

APPS = Path(__file__).parents[2] / "apps"


def launch(app, *arguments, home, timeout=250):
    """Run an app in two processes; end both, and what they started, if they take too long."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "accelerate.commands.launch",
            *TWO_PROCESSES,
            str(APPS / app),
            *map(str, arguments),
        ],
        env=of_this_machine(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        kill(process.pid)
        output, _ = process.communicate()
        pytest.fail(f"{app} took more than {timeout} s:\n{output}", pytrace=False)
    return process.returncode, output


def launched(app, *arguments, home, folder):
    code, output = launch(app, *arguments, home=home)
    assert code == 0, output
    result = json.loads((folder / "result.json").read_text())
    assert result["num_processes"] == 2
    assert len(result["checksums"]) == 2
    assert len(set(result["checksums"])) == 1
    return result


@pytest.mark.slow
def test_both_apps_in_two_processes(pretrain_recipe, finetune_recipe, tmp_path):
    # 11 clips a batch and 48 to test: neither process has as many as the other in every batch.
    uneven = ("--training.batch_size", 11, "--run.tracker", "none")
    folder = tmp_path / "pretrained"
    pretrained = launched("pretrain.py", pretrain_recipe, *uneven, home=tmp_path / "home", folder=folder)
    assert pretrained["steps"] == 3 * (36 // 11)

    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["split"] == "validation"] == [3, 6, 9]
    assert_same_curves(folder, alone("pretrain", pretrain_recipe, *uneven, folder=tmp_path / "alone"))

    arguments = ("--pretrained", folder, *uneven, "--training.max_grad_norm", 1)
    folder = tmp_path / "finetuned"
    tuned = launched("finetune.py", finetune_recipe, *arguments, home=tmp_path / "home", folder=folder)
    assert tuned["test"]["clips"] == 48
    assert tuned["validation_clips"] == 12
    single = alone("finetune", finetune_recipe, *arguments, folder=tmp_path / "tuned-alone")
    assert_same_curves(folder, single)


@pytest.mark.slow
def test_contrast_in_two_processes(contrast_recipe, tmp_path):
    # The checksums, which `launched` compares, count the queues too.
    arguments = ("--training.batch_size", 11, "--run.tracker", "none", "--method.kind", "crossclr")
    folder = tmp_path / "contrasted"
    result = launched("contrast.py", contrast_recipe, *arguments, home=tmp_path / "home", folder=folder)
    assert (result["steps"], result["mining_step"]) == (3 * (36 // 11), 4)
    assert (folder / "bone" / "encoder" / "model.safetensors").is_file()


@pytest.mark.slow
def test_evaluation_in_two_processes(trained, tmp_path):
    # 5 clips a batch and 48 of each side: each clip is met once, whoever meets it.
    arguments = (trained["encoder"], "--batch_size", 5, "--folder")
    code, output = launch("evaluate.py", *arguments, tmp_path / "two", home=tmp_path / "home")
    assert code == 0, output
    assert output.count("48 test clips of odd-subjects, learnt from 48") == 1
    options = [str(each) for each in (*arguments, tmp_path / "one")]
    evaluate.run(read_options(evaluate.EvaluateConfig, options, program="evaluate"))
    one, two = (json.loads((tmp_path / run / "evaluation.json").read_text()) for run in ("one", "two"))
    assert (one.pop("num_processes"), two.pop("num_processes")) == (1, 2)
    assert one == two


def alone(app, recipe, *arguments, folder):
    """The folder of the same run in this process."""
    module = importlib.import_module(f"skeleton_lab.{app}")
    config = {"pretrain": "PretrainConfig", "finetune": "FinetuneConfig"}[app]
    arguments = [str(argument) for argument in (recipe, *arguments, "--run.folder", folder)]
    module.run(read_recipe(getattr(module, config), arguments, program=app), bar={"disable": True})
    return folder


def assert_same_curves(*folders):
    """Clips, masks, learning rates, losses and statistics do not depend on the number of processes."""
    ours, theirs = (
        [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        for folder in folders
    )
    assert len(ours) == len(theirs) > 6
    for our, their in zip(ours, theirs, strict=True):
        assert our.pop("split") == their.pop("split")
        assert our == pytest.approx(their, rel=1e-4)


@pytest.mark.slow
def test_a_mistake_is_told_once(finetune_recipe, tmp_path):
    code, output = launch("finetune.py", finetune_recipe, "--data.store", "nowhere", home=tmp_path / "home")
    assert code != 0
    complaints = [line for line in output.splitlines() if "finetune: error:" in line]
    assert len(complaints) == 1, output
    assert "nowhere: no such folder" in complaints[0]
    assert not (tmp_path / "finetuned").exists()


@pytest.mark.slow
def test_a_single_process_is_told_that_its_launcher_ends(pretrain_recipe, tmp_path):
    launcher = "-m accelerate.commands.launch --cpu --num_processes 1 --num_machines 1 --mixed_precision no"
    endless = ("--training.epochs", "1000000", "--run.tracker", "none", "--folder", tmp_path / "run")
    command = [sys.executable, *launcher.split(), "--dynamo_backend", "no", APPS / "pretrain.py"]
    process = subprocess.Popen(
        [*map(str, (*command, pretrain_recipe, *endless))], stderr=subprocess.PIPE, text=True
    )
    started, output = psutil.Process(process.pid), ""
    while "loss=" not in output:
        part = process.stderr.read(64)
        assert part, output
        output += part
    children = started.children()
    process.terminate()
    try:
        _, output = process.communicate(timeout=60)  # the child has the same standard error stream
    finally:
        for child in children:
            if child.is_running():
                child.kill()
    assert "interrupted after step" in output
    assert list((tmp_path / "run" / "checkpoints").glob("step-*"))


@pytest.mark.slow
def test_all_methods_of_a_table_in_two_processes(store, tmp_path, monkeypatch):
    monkeypatch.chdir(APPS.parent)
    place = ("--data", store, "--protocols", "odd-subjects", "--folder", tmp_path / "runs")
    toy = ("--preset", "adamw_cosine", "--model", "toy", "--epochs", "1", "--steps", "1", "--processes", "1")
    labels = ("--labels", "10%,100%")
    code, output = launch("reproduce.py", "table4", *place, *toy, *labels, home=tmp_path, timeout=500)
    assert code == 0, output
    results = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/*/result.json")]
    assert len(results) == 9 + 2 * 14
    assert {result["num_processes"] for result in results} == {2}
    lines = (tmp_path / "runs" / "table4.md").read_text().splitlines()
    assert len([line for line in lines if line.startswith("| ")]) == 1 + 14
