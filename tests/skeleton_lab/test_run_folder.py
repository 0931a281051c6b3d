"""A run folder is checked before anything is written, and refused where something would be lost."""

import math
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import Field
from torch import nn

from skeleton_lab.errors import InputError, OutputError
from skeleton_lab.recipe.recipe import RecipeSection
from skeleton_lab.runs.fingerprints import Fingerprint
from skeleton_lab.runs.folder import RunConfig, RunFolder, write_atomically
from skeleton_lab.training.best_checkpoint import BestCheckpoint
from skeleton_lab.training.checkpoint import Checkpoints

DATA = (Fingerprint(store="/data/tiny.store", clips=96, sha256="a" * 64),)
BEGUN = {"config.toml", "data.json"}


class Recipe(RecipeSection):
    rate: float = Field(0.5, description="A rate.")
    limit: int | None = Field(None, description="A limit.")
    run: RunConfig = Field(description="Where.")


def check(folder: Path, *, rate: float = 0.5, **run: bool) -> RunFolder:
    recipe = Recipe(rate=rate, run=RunConfig(folder=folder, **run))
    return RunFolder.check(recipe.run, recipe, DATA)


def begun(folder: Path, **options) -> RunFolder:
    """The folder of a run that was begun and left."""
    run = check(folder, **options)
    run.prepare()
    run.unlock()
    return run


def test_checking_writes_nothing_and_preparing_writes_the_resolved_recipe(tmp_path):
    folder = check(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    folder.prepare()
    assert tomllib.loads((tmp_path / "a" / "b" / "config.toml").read_text()) == {"rate": 0.5}


def test_a_run_is_neither_overwritten_nor_resumed_unasked(tmp_path):
    begun(tmp_path / "run")
    with pytest.raises(InputError, match=r"run\.folder: .*run holds a run; --resume continues, --overwrite"):
        check(tmp_path / "run")
    with pytest.raises(InputError, match=r"resume and run\.overwrite"):
        check(tmp_path / "run", resume=True, overwrite=True)
    assert check(tmp_path / "run", resume=True).resumed


def test_a_run_of_an_earlier_version_had_the_defaults_of_newer_fields(tmp_path):
    begun(tmp_path / "run")
    (tmp_path / "run" / "config.toml").write_text("")
    assert check(tmp_path / "run", resume=True).resumed
    with pytest.raises(InputError, match=r"^rate: 0\.1, but .*run, has 0\.5$"):
        check(tmp_path / "run", rate=0.1, resume=True)
    (tmp_path / "run" / "config.toml").write_text("rate = 0.5\ngone = 1\n")
    with pytest.raises(InputError, match=r"^gone: None, but .*run, has 1$"):
        check(tmp_path / "run", resume=True)


def test_overwriting_leaves_nothing_of_the_old_run(tmp_path):
    begun(tmp_path / "run")
    (tmp_path / "run" / "old").touch()
    begun(tmp_path / "run", rate=0.1, overwrite=True)
    assert {path.name for path in (tmp_path / "run").iterdir()} == BEGUN
    assert "0.1" in (tmp_path / "run" / "config.toml").read_text()


def test_resuming_with_another_recipe_names_the_field_and_both_values(tmp_path):
    begun(tmp_path / "run")
    with pytest.raises(InputError, match=r"^rate: 0\.1, but .*run, has 0\.5$"):
        check(tmp_path / "run", rate=0.1, resume=True)


def test_a_dry_run_looks_at_no_folder(tmp_path):
    begun(tmp_path / "run")
    assert not check(tmp_path / "run", dry_run=True).resumed


def test_a_folder_in_use_is_refused_until_its_process_ends(tmp_path):
    folder = begun(tmp_path / "run")
    code = """
import sys
from skeleton_lab.runs.folder import RunConfig, RunFolder
run = RunConfig(folder=sys.argv[1])
RunFolder(run, run, (), resumed=True).lock()
print("locked", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code, str(folder.path)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "locked\n"
    for taken in (folder.lock, check(folder.path, overwrite=True).prepare):
        with pytest.raises(InputError, match=r"^run\.folder: .*run is in use by another process$"):
            taken()
    other.kill()
    other.communicate()
    folder.lock()
    folder.unlock()
    assert {path.name for path in folder.path.iterdir()} == BEGUN


def test_a_folder_in_use_is_refused_in_the_same_process_too(tmp_path):
    check(tmp_path / "run").prepare()
    with pytest.raises(InputError, match=r"^run\.folder: .*run is in use by another process$"):
        check(tmp_path / "run", overwrite=True).prepare()


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_that_ended_since_the_check_is_not_replaced(tmp_path, resume):
    overtaken = check(tmp_path / "run", resume=resume)
    twin = begun(tmp_path / "run")
    twin.write_json("result.json", {"steps": 1})
    with pytest.raises(InputError, match=r"^run\.folder: .*run"):
        overtaken.prepare()
    assert {path.name for path in twin.path.iterdir()} == {*BEGUN, "result.json"}


def test_a_recipe_that_cannot_be_written_leaves_the_old_run(tmp_path, monkeypatch):
    old = begun(tmp_path / "run")
    old.write_json("result.json", {"steps": 1})
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OutputError, match=r"run cannot be written: disk full"):
            check(old.path, overwrite=True).prepare()
    assert {path.name for path in old.path.iterdir()} == {*BEGUN, "result.json"}


def test_a_folder_of_a_process_killed_before_it_wrote_the_recipe_counts_as_empty(tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".config.partial-1.toml").touch()
    assert not check(tmp_path).resumed
    begun(tmp_path)
    assert "config.toml" in {path.name for path in tmp_path.iterdir()}


def test_a_score_that_is_no_number_is_the_lowest(tmp_path):
    best, model = BestCheckpoint(SimpleNamespace(is_main_process=True), tmp_path), nn.Linear(1, 1)
    for step, score in enumerate((math.nan, -2.0, math.nan, -1.0, math.nan), start=1):
        best.update(model, step=step, score=(score,))
    assert (best.step, best.score) == (4, (-1.0,))
    assert best.damage() is None


def test_an_older_checkpoint_that_is_damaged_does_not_end_the_next_save(tmp_path):
    run = check(tmp_path / "run")
    for step, state in ((1, "{"), (2, '{"best": {"step": 2, "score": [0.5], "sha256": ""}}')):
        (run.checkpoints / f"step-{step:09d}").mkdir(parents=True)
        (run.checkpoints / f"step-{step:09d}" / "run.json").write_text(state)
        (run.checkpoints / f"best-{step:09d}.safetensors").touch()
    Checkpoints(None, run, keep=2)._prune(run.checkpoints / "step-000000002")
    kept = {"step-000000001", "step-000000002", "best-000000002.safetensors"}
    assert {path.name for path in run.checkpoints.iterdir()} == kept


def test_resuming_a_run_that_never_began_begins_it(tmp_path):
    assert not check(tmp_path / "run", resume=True).resumed


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_run_is_never_touched(tmp_path, overwrite):
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(InputError, match=r"run.folder: .* not empty"):
        check(tmp_path, overwrite=overwrite)
    with pytest.raises(InputError, match="is a file"):
        check(tmp_path / "thesis.doc", overwrite=overwrite)
    with pytest.raises(InputError, match="cannot be made in"):
        check(tmp_path / "thesis.doc" / "run", overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_dangling_link_is_named_before_anything_is_read(tmp_path):
    (tmp_path / "link").symlink_to("gone")
    for folder in (tmp_path / "link", tmp_path / "link" / "run"):
        with pytest.raises(InputError, match=rf"^run\.folder: {tmp_path}/link .*gone"):
            check(folder)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    write_atomically(tmp_path / "file", b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OutputError, match=r"file cannot be written: disk full"):
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_run_keeps_the_fingerprints_of_its_data_and_says_when_they_are_missing(tmp_path, capsys):
    folder = begun(tmp_path / "run")
    kept = folder.path / "data.json"
    content = kept.read_text()
    kept.unlink()
    begun(tmp_path / "run", resume=True)
    assert f"{kept} is missing" in capsys.readouterr().err
    assert kept.read_text() == content
    for damaged, where in (('[{"store": 1}]', r".*0\.store"), ("[]", "")):
        kept.write_text(damaged)
        with pytest.raises(InputError, match=rf"run/data\.json: {where}"):
            check(tmp_path / "run", resume=True)
    kept.write_text(content)
    recipe = Recipe(run=RunConfig(folder=tmp_path / "run", resume=True))
    with pytest.raises(InputError, match=r"run/data\.json: "):
        RunFolder.check(recipe.run, recipe, DATA * 2)
