"""The example configurations are ones that `accelerate launch` takes."""

import subprocess
from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file

FOLDER = Path(__file__).parents[2] / "configs" / "accelerate"
PROCESSES = {"one-gpu": 1, "eight-gpus": 8, "two-nodes": 16, "fsdp": 8, "deepspeed": 8}


@pytest.mark.parametrize("name", PROCESSES)
def test_configurations_are_accelerates(name):
    path = FOLDER / f"{name}.yaml"
    config = load_config_from_file(str(path))  # refuses keys that it does not know
    assert config.num_processes == PROCESSES[name]
    assert config.mixed_precision == "bf16"
    assert f"--config_file configs/accelerate/{path.name}" in path.read_text()


def test_there_is_no_other():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == PROCESSES.keys()


def test_the_slurm_script_is_one_and_resumes():
    script = FOLDER / "pretrain.slurm"
    assert subprocess.run(["bash", "-n", script]).returncode == 0
    for word in ("#SBATCH --requeue", "--signal=B:TERM@", "scontrol requeue", "--resume", "two-nodes.yaml"):
        assert word in script.read_text()
