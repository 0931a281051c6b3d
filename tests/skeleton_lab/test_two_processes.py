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


def launch(script, *arguments, home, timeout=250):
    """Run a script in two processes; end both, and what they started, if they take too long."""
    launcher = [sys.executable, "-m", "accelerate.commands.launch", *TWO_PROCESSES]
    process = subprocess.Popen(
        [*launcher, str(script), *map(str, arguments)],
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
        pytest.fail(f"{script} took more than {timeout} s:\n{output}", pytrace=False)
    return process.returncode, output


def result_of(folder):
    """What a run of two processes says of itself: at its end both have the same weights and statistics."""
    result = json.loads((folder / "result.json").read_text())
    assert result["num_processes"] == 2
    assert len(result["checksums"]) == 2
    assert len(set(result["checksums"])) == 1
    return result


@pytest.mark.slow
@pytest.mark.usefixtures("in_repository")
def test_apps_in_two_processes(pretrain_recipe, finetune_recipe, contrast_recipe, trained, store, tmp_path):
    """Both processes run one app after another."""
    # 11 clips a batch and 48 to test: neither process has as many as the other in every batch.
    uneven = ("--training.batch_size", 11, "--run.tracker", "none")
    pretrained, tuned, evaluated, contrasted, table = (
        tmp_path / name for name in ("pretrained", "finetuned", "two", "contrasted", "runs")
    )
    pretraining = (pretrain_recipe, *uneven)
    tuning = (finetune_recipe, "--pretrained", pretrained, *uneven, "--training.max_grad_norm", 1)
    # 5 clips a batch and 48 of each side: each clip is met once, whoever meets it.
    evaluation = (trained["encoder"], "--batch_size", 5, "--folder")
    study = ("--data", store, "--protocols", "odd-subjects", "--folder", table, "--labels", "10%")
    study += ("--preset", "adamw_cosine", "--model", "toy", "--epochs", 1, "--steps", 1, "--processes", 1)
    turns = [
        ("pretrain.py", *pretraining),
        ("finetune.py", *tuning),
        ("contrast.py", contrast_recipe, *uneven, "--method.kind", "crossclr"),
        ("evaluate.py", *evaluation, evaluated),
        ("reproduce.py", "table4", *study),
    ]
    words = [[str(APPS / app), *map(str, arguments)] for app, *arguments in turns]
    script = Path(__file__).with_name("apps_in_turn.py")
    code, output = launch(script, json.dumps(words), home=tmp_path / "home", timeout=500)
    assert code == 0, output

    check_pretraining(pretrained, alone("pretrain", *pretraining, folder=tmp_path / "alone"))
    check_finetuning(tuned, alone("finetune", *tuning, folder=tmp_path / "tuned-alone"))
    check_contrast(contrasted)
    assert output.count("48 test clips of odd-subjects, learnt from 48") == 1
    options = [str(each) for each in (*evaluation, tmp_path / "one")]
    evaluate.run(read_options(evaluate.EvaluateConfig, options, program="evaluate"))
    check_evaluation(evaluated, tmp_path / "one")
    check_all_methods_of_a_table(table)


def check_pretraining(folder, single):
    assert result_of(folder)["steps"] == 3 * (36 // 11)
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["split"] == "validation"] == [3, 6, 9]
    assert_same_curves(folder, single)


def check_finetuning(folder, single):
    tuned = result_of(folder)
    assert tuned["test"]["clips"] == 48
    assert tuned["validation_clips"] == 12
    assert_same_curves(folder, single)


def check_contrast(folder):
    result = result_of(folder)  # the checksums count the queues, too
    assert (result["steps"], result["mining_step"]) == (3 * (36 // 11), 4)
    assert (folder / "bone" / "encoder" / "model.safetensors").is_file()


def check_evaluation(*folders):
    two, one = (json.loads((folder / "evaluation.json").read_text()) for folder in folders)
    assert (one.pop("num_processes"), two.pop("num_processes")) == (1, 2)
    assert one == two


def check_all_methods_of_a_table(folder):
    results = [json.loads(path.read_text()) for path in folder.glob("*/*/result.json")]
    assert len(results) == 9 + 14
    assert {result["num_processes"] for result in results} == {2}
    lines = (folder / "table4.md").read_text().splitlines()
    assert len([line for line in lines if line.startswith("| ")]) == 1 + 14


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
    mistaken = (APPS / "finetune.py", finetune_recipe, "--data.store", "nowhere")
    code, output = launch(*mistaken, home=tmp_path / "home")
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
