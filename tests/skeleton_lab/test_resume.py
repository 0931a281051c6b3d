"""A run that was interrupted, however, ends like one that never was."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stopped_runs import answers, before_step, die, run_finetuning

from skeleton_lab import finetune
from skeleton_lab.errors import InputError, Interrupted
from skeleton_lab.training.checkpoint import SEAL, _seal
from skeleton_lab.training.optimizer import Adam


@pytest.mark.slow
def test_killed_ten_times_on_a_full_disk_and_told_to_end(pretrain_recipe, tmp_path):
    recipe = pretrain_recipe.read_text().replace("log_every = 2", "log_every = 3\neval_every = 2\nema = 0.9")
    pretrain_recipe.write_text(recipe + 'tracker = "none"\n')
    command = [sys.executable, Path(__file__).with_name("killed_runs.py"), pretrain_recipe, tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    killed, full, kept, ended = (json.loads(line) for line in ran.stdout.splitlines())
    assert killed["kills"] == 10
    assert full == {"full disk": 74}
    assert kept == {"kept": ["step-000000002", "step-000000004"]}
    assert ended == {"told to end": 75}
    full, stopped = (line for line in ran.stderr.splitlines() if "error" in line)
    assert full.startswith("pretrain: error: ")
    assert "cannot be written" in full
    assert "interrupted after step 5" in stopped


def test_told_to_end_it_saves_where_it_is_and_says_so(finetune_recipe, tmp_path, monkeypatch, capsys):
    chosen = ("--training.log_every", "4", "--model.dropout", "0.2", "--training.ema", "0.5")
    run_finetuning(finetune_recipe, *chosen, "--run.folder", str(tmp_path / "whole"))

    before = signal.getsignal(signal.SIGTERM)
    arguments = [str(finetune_recipe), *chosen, "--folder", str(tmp_path / "stopped"), "--resume"]
    monkeypatch.setattr(sys, "argv", ["finetune", *arguments])

    def tell_twice():  # as a launcher and a scheduler do, one after the other
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)

    with before_step(4, tell_twice), pytest.raises(SystemExit) as ended:
        finetune.main()
    assert ended.value.code == Interrupted.exit_code == 75
    assert signal.getsignal(signal.SIGTERM) is before
    assert "finetune: error: " in (said := capsys.readouterr().err)
    assert "interrupted after step 5; a checkpoint is saved" in said
    saved = tmp_path / "stopped" / "checkpoints" / "step-000000005" / "run.json"
    assert (
        len(json.loads(saved.read_text())["window"]) == 1
    )  # of the line that step 6, the end of an epoch, writes

    state = json.loads(saved.read_text())
    saved.write_text(json.dumps({**state, "seconds": state["seconds"] + 1000}))
    saved.with_name(SEAL).unlink()
    _seal(saved.parent)
    resumed = run_finetuning(
        finetune_recipe, *chosen, "--run.folder", str(tmp_path / "stopped"), "--run.resume"
    )
    assert 1000 < resumed.seconds < 1100  # of both parts
    assert answers(tmp_path / "stopped") == answers(tmp_path / "whole")


def test_metrics_of_the_test_side_that_select_weights_are_kept(finetune_recipe, tmp_path):
    chosen = ("--training.select", "test", "--run.folder")
    run_finetuning(finetune_recipe, *chosen, str(tmp_path / "whole"))
    with before_step(4, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe, *chosen, str(tmp_path / "stopped"))
    run_finetuning(finetune_recipe, *chosen, str(tmp_path / "stopped"), "--run.resume")
    assert answers(tmp_path / "stopped") == answers(tmp_path / "whole")


def test_a_checkpoint_of_other_json_is_named_and_the_one_before_is_used(finetune_recipe, tmp_path, capsys):
    chosen = ("--training.log_every", "2", "--training.eval_every", "2", "--run.keep_checkpoints", "9")
    folder = ("--run.folder", str(tmp_path / "stopped"))
    with before_step(6, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe, *chosen, *folder)
    *_, before, last = sorted((tmp_path / "stopped" / "checkpoints").glob("step-*"))
    (last / "checksums.json").write_text("[1]")
    (before / "run.json").write_text('["step"]')
    (before / SEAL).unlink()
    _seal(before)
    run_finetuning(finetune_recipe, *chosen, *folder, "--run.resume")
    said = capsys.readouterr().err
    assert str(last) in said and str(before / "run.json") in said and "Traceback" not in said


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(finetune_recipe, tmp_path, capsys):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    run_finetuning(finetune_recipe, "--run.folder", str(whole))
    with before_step(7, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe, "--run.folder", str(stopped))
    first, second = sorted((stopped / "checkpoints").glob("step-*"))
    optimizer = second / "optimizer.bin"
    content = bytearray(optimizer.read_bytes())
    content[len(content) // 2] ^= 1
    optimizer.write_bytes(content)
    shutil.copytree(stopped, tmp_path / "worse")

    resumed = ("--run.resume", "--run.folder")
    run_finetuning(finetune_recipe, *resumed, str(stopped))
    said = capsys.readouterr().err
    assert f"{second}: damaged (optimizer.bin is not what was saved); the one before is used" in said
    assert answers(stopped) == answers(whole)

    (tmp_path / "worse" / "checkpoints" / first.name / "run.json").unlink()
    with pytest.raises(InputError, match=r"run\.json is missing\)\n.*checkpoints: no checkpoint is whole"):
        run_finetuning(finetune_recipe, *resumed, str(tmp_path / "worse"))


@pytest.mark.parametrize("lacks", ["all", "optimizer.bin"])
def test_a_checkpoint_whose_seal_lacks_files_is_named_and_the_one_before_is_used(
    finetune_recipe, tmp_path, capsys, lacks
):
    with before_step(7, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe)
    _, last = sorted((tmp_path / "finetuned" / "checkpoints").glob("step-*"))
    (last / ".DS_Store").touch()  # of a system, and no damage
    seal = last / "checksums.json"
    sums = json.loads(seal.read_text())
    seal.write_text(json.dumps({} if lacks == "all" else {k: v for k, v in sums.items() if k != lacks}))
    (last / "optimizer.bin").write_bytes(b"")
    run_finetuning(finetune_recipe, "--run.resume")
    said = capsys.readouterr().err
    assert f"{last}: damaged (checksums.json lacks" in said and "the one before is used" in said


def test_weights_that_were_selected_are_kept_by_name_and_checked(finetune_recipe, tmp_path):
    arguments = (
        "--run.folder",
        str(tmp_path / "run"),
        "--training.eval_every",
        "2",
        "--run.keep_checkpoints",
        "3",
    )
    with before_step(7, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe, *arguments)
    folder = tmp_path / "run" / "checkpoints"
    steps = sorted(folder.glob("step-*"))
    assert [path.name[-1] for path in steps] == ["2", "4", "6"]
    best = {json.loads((path / "run.json").read_text())["best"]["step"] for path in steps}
    assert {path.name for path in folder.glob("best-*")} == {f"best-{step:09d}.safetensors" for step in best}
    for path in folder.glob("best-*"):
        path.write_bytes(b"")
    with pytest.raises(
        InputError, match=r"step-000000006: damaged \(best-00000000\d.safetensors is missing or"
    ):
        run_finetuning(finetune_recipe, *arguments, "--run.resume")


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_done(
    finetune_recipe, tmp_path, monkeypatch
):
    with before_step(4, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe)
    folder = tmp_path / "finetuned"
    content = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != folder)  # root may write anywhere
    with pytest.raises(InputError, match=r"^run\.folder: .*finetuned is read-only$"):
        run_finetuning(finetune_recipe, "--run.resume")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == content


def test_random_states_that_cannot_be_read_are_refused_by_name(finetune_recipe, tmp_path):
    arguments = ("--model.dropout", "0.2", "--run.resume")
    with before_step(4, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe, *arguments)
    (checkpoint,) = (tmp_path / "finetuned" / "checkpoints").glob("step-*")
    (checkpoint / "random_states_0.pkl").write_bytes(b"of another version")
    (checkpoint / SEAL).unlink()
    _seal(checkpoint)
    with pytest.raises(InputError, match=r"step-000000003/random_states_0\.pkl: "):
        run_finetuning(finetune_recipe, *arguments)
    (checkpoint / "random_states_0.pkl").unlink()
    (checkpoint / SEAL).unlink()
    _seal(checkpoint)
    with pytest.raises(InputError, match=r"step-000000003/random_states_0\.pkl: "):
        run_finetuning(finetune_recipe, *arguments)


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.safetensors", b""), ("optimizer.bin", None), ("custom_checkpoint_0.pkl", b"of another version")],
)
def test_a_checkpoint_that_cannot_be_loaded_is_refused_by_name(finetune_recipe, tmp_path, name, content):
    arguments = ("--training.ema", "0.9", "--run.resume")
    with before_step(4, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe, *arguments)
    (checkpoint,) = (tmp_path / "finetuned" / "checkpoints").glob("step-*")
    if content is None:
        (checkpoint / name).unlink()
    else:
        (checkpoint / name).write_bytes(content)
    _seal(checkpoint)
    with pytest.raises(InputError, match=r"step-000000003: ") as refused:
        run_finetuning(finetune_recipe, *arguments)
    assert "\n" not in str(refused.value)


@pytest.fixture
def control_c():
    """Ctrl-C is what it is in a terminal, wherever the tests run: behind `&` in a script it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(recipe, monkeypatch, *, presses):
    """The exit code of a fine-tuning in which Ctrl-C is pressed so many times before its fifth step."""

    def press():
        for _ in range(presses):
            signal.raise_signal(signal.SIGINT)  # in this thread, handled before the next one

    arguments = ["--training.log_every", "4", "--folder", str(recipe.parent / "stopped"), "--resume"]
    monkeypatch.setattr(sys, "argv", ["finetune", str(recipe), *arguments])
    with before_step(4, press), pytest.raises(SystemExit) as ended:
        finetune.main()
    return ended.value.code


@pytest.mark.usefixtures("control_c")
def test_control_c_saves_and_says_how_to_go_on(finetune_recipe, tmp_path, monkeypatch, capsys):
    run_finetuning(finetune_recipe, "--training.log_every", "4", "--run.folder", str(tmp_path / "whole"))
    handler = signal.getsignal(signal.SIGINT)
    assert interrupted(finetune_recipe, monkeypatch, presses=1) == Interrupted.exit_code
    assert signal.getsignal(signal.SIGINT) is handler
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "finetune: error: " in line]
    assert "interrupted after step 5" in line
    assert "--resume" in line
    assert (tmp_path / "stopped" / "checkpoints" / "step-000000005").is_dir()
    finetune.main()
    assert answers(tmp_path / "stopped") == answers(tmp_path / "whole")


@pytest.mark.usefixtures("control_c")
def test_a_run_that_was_started_with_control_c_ignored_goes_on_ignoring_it(finetune_recipe, tmp_path):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with before_step(4, lambda: signal.raise_signal(signal.SIGINT)):
        run_finetuning(finetune_recipe)
    assert (tmp_path / "finetuned" / "result.json").is_file()
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


@pytest.mark.usefixtures("control_c")
def test_a_second_control_c_ends_at_once(finetune_recipe, tmp_path, monkeypatch, capsys):
    assert interrupted(finetune_recipe, monkeypatch, presses=2) == 130
    assert "Traceback" not in (said := capsys.readouterr().err)
    assert "finetune: interrupted" in said
    checkpoints = (tmp_path / "stopped" / "checkpoints").glob("step-*")
    assert [path.name for path in checkpoints] == ["step-000000003"]


def test_metrics_that_are_missing_are_named_and_the_gap_is_marked(finetune_recipe, tmp_path, capsys):
    with before_step(7, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe)
    metrics = tmp_path / "finetuned" / "metrics.jsonl"
    lines = metrics.read_text().splitlines()
    metrics.unlink()
    shutil.copytree(metrics.parent, tmp_path / "again")
    run_finetuning(finetune_recipe, "--run.resume")
    assert f"{metrics}: {len(lines)} of {len(lines)} lines are" in capsys.readouterr().err
    gap, *others = (json.loads(line) for line in metrics.read_text().splitlines())
    assert gap == {"step": 6, "split": "gap", "missing_lines": len(lines)}
    assert {row["step"] for row in others} == {8, 9}

    (tmp_path / "again" / "metrics.jsonl").write_text(f"{lines[0]}\n")
    run_finetuning(finetune_recipe, "--run.resume", "--run.folder", str(tmp_path / "again"))
    assert f"{len(lines) - 1} of {len(lines)} lines are" in capsys.readouterr().err


@pytest.mark.parametrize("damaged", [b"\xff\xfe", b"{", b"[" * 10**5, b"[1]", b'{"step": "1"}'])
def test_a_damaged_line_of_metrics_is_left_out_and_counted(finetune_recipe, tmp_path, capsys, damaged):
    with before_step(7, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe)
    metrics = tmp_path / "finetuned" / "metrics.jsonl"
    first, _, *others = metrics.read_bytes().splitlines()
    metrics.write_bytes(b"\n".join([first, damaged, *others, b""]))
    run_finetuning(finetune_recipe, "--run.resume")
    assert f"{metrics}: 1 of {len(others) + 2} lines" in capsys.readouterr().err
    rows = [json.loads(line) for line in metrics.read_text().splitlines()]
    assert {"step": 6, "split": "gap", "missing_lines": 1} in rows


def test_best_weights_that_are_missing_are_named(finetune_recipe, tmp_path):
    with before_step(4, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe)
    (best,) = (tmp_path / "finetuned" / "checkpoints").glob("best-*")
    best.unlink()
    with pytest.raises(InputError, match=rf"{best.name} is missing"):
        run_finetuning(finetune_recipe, "--run.resume")


def test_a_finished_run_whose_output_is_not_whole_does_not_count_as_finished(finetune_recipe, tmp_path):
    def resume():
        run_finetuning(finetune_recipe, "--training.epochs", "1", "--run.resume")

    run_finetuning(finetune_recipe, "--training.epochs", "1")
    for name in ("classifier", "labels.json", "metrics.jsonl", "classifier/config.json"):
        (tmp_path / "finetuned" / name).rename(tmp_path / "away")
        with pytest.raises(InputError, match=rf"finetuned has ended, but its {name} is missing"):
            resume()
        (tmp_path / "away").rename(tmp_path / "finetuned" / name)
    for name in ("classifier/config.json", "metrics.jsonl", "labels.json", "answers.csv"):
        path = tmp_path / "finetuned" / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(InputError, match=f"its {name} is damaged"):
            resume()
        path.write_bytes(whole)
    for name in ("classifier/SHA256SUMS", "SHA256SUMS"):
        path = tmp_path / "finetuned" / name
        whole = path.read_bytes()
        path.write_bytes(b"")
        with pytest.raises(InputError, match=rf"finetuned.*{name}"):
            resume()
        path.write_bytes(whole)
    resume()
    (tmp_path / "finetuned" / "SHA256SUMS").unlink()  # a run of an earlier version has none
    resume()
    (tmp_path / "finetuned" / "labels.json").unlink()
    with pytest.raises(InputError, match=r"labels\.json is missing"):
        resume()


def test_a_run_whose_checkpoints_were_deleted_says_that_it_begins_anew(finetune_recipe, tmp_path, capsys):
    run_finetuning(finetune_recipe, "--run.folder", str(tmp_path / "whole"))
    with before_step(4, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe)
    shutil.rmtree(tmp_path / "finetuned" / "checkpoints")
    run_finetuning(finetune_recipe, "--run.resume")
    assert f"{tmp_path / 'finetuned' / 'checkpoints'}: there is no checkpoint" in capsys.readouterr().err
    assert answers(tmp_path / "finetuned") == answers(tmp_path / "whole")


def test_a_run_of_two_processes_is_not_resumed_by_one(finetune_recipe, tmp_path):
    with before_step(4, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe)
    (checkpoint,) = (tmp_path / "finetuned" / "checkpoints").glob("step-*")
    shutil.copy(checkpoint / "random_states_0.pkl", checkpoint / "random_states_1.pkl")
    (checkpoint / SEAL).unlink()
    _seal(checkpoint)
    with pytest.raises(InputError, match=r"finetuned: the run had 2 processes.* resumed with 1"):
        run_finetuning(finetune_recipe, "--run.resume")


def test_a_checkpoint_of_an_optimizer_of_other_weights_is_refused(finetune_recipe, tmp_path, monkeypatch):
    """As an earlier version saved it; its states would go to other weights."""
    where = ("--run.folder", str(tmp_path / "run"))
    with monkeypatch.context() as earlier, before_step(4, die), pytest.raises(KeyboardInterrupt):
        earlier.setattr(Adam, "_groups", lambda self, model: list(model.parameters())[1:])
        run_finetuning(finetune_recipe, *where)
    with pytest.raises(InputError, match="step-0000"):
        run_finetuning(finetune_recipe, *where, "--run.resume")
