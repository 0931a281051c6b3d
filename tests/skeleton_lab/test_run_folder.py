"""A run folder is claimed before anything is written, and refused where something would be lost."""

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
from skeleton_lab.runs.folder import RunConfig, RunFolder, write_atomically
from skeleton_lab.training.best_checkpoint import Selection
from skeleton_lab.training.checkpoint import Checkpoints


class Recipe(RecipeSection):
    rate: float = Field(0.5, description="A rate.")
    limit: int | None = Field(None, description="A limit.")
    run: RunConfig = Field(description="Where.")


def claim(folder: Path, *, rate: float = 0.5, **run: bool) -> RunFolder:
    recipe = Recipe(rate=rate, run=RunConfig(folder=folder, **run))
    return RunFolder.claim(recipe.run, recipe)


def test_claiming_writes_nothing_and_creating_writes_the_resolved_recipe(tmp_path):
    folder = claim(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    folder.create()
    assert tomllib.loads((tmp_path / "a" / "b" / "config.toml").read_text()) == {"rate": 0.5}


def test_a_run_is_neither_overwritten_nor_resumed_unasked(tmp_path):
    claim(tmp_path / "run").create()
    with pytest.raises(InputError, match=r"run\.folder: .*run holds a run; --resume continues, --overwrite"):
        claim(tmp_path / "run")
    with pytest.raises(InputError, match="only one of them"):
        claim(tmp_path / "run", resume=True, overwrite=True)
    assert claim(tmp_path / "run", resume=True).resumed


def test_a_run_of_an_earlier_version_had_the_defaults_of_newer_fields(tmp_path):
    claim(tmp_path / "run").create()
    (tmp_path / "run" / "config.toml").write_text("")
    assert claim(tmp_path / "run", resume=True).resumed
    with pytest.raises(InputError, match=r"^rate: 0\.1, but .*run, has 0\.5$"):
        claim(tmp_path / "run", rate=0.1, resume=True)
    (tmp_path / "run" / "config.toml").write_text("rate = 0.5\ngone = 1\n")
    with pytest.raises(InputError, match=r"^gone: None, but .*run, has 1$"):
        claim(tmp_path / "run", resume=True)


def test_overwriting_leaves_nothing_of_the_old_run(tmp_path):
    claim(tmp_path / "run").create()
    (tmp_path / "run" / "old").touch()
    claim(tmp_path / "run", rate=0.1, overwrite=True).create()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.toml"]
    assert "0.1" in (tmp_path / "run" / "config.toml").read_text()


def test_resuming_with_another_recipe_names_the_field_and_both_values(tmp_path):
    claim(tmp_path / "run").create()
    with pytest.raises(InputError, match=r"^rate: 0\.1, but .*run, has 0\.5$"):
        claim(tmp_path / "run", rate=0.1, resume=True)


def test_a_dry_run_looks_at_no_folder(tmp_path):
    claim(tmp_path / "run").create()
    assert not claim(tmp_path / "run", dry_run=True).resumed


def test_a_folder_in_use_is_refused_until_its_process_ends(tmp_path):
    folder = claim(tmp_path / "run")
    folder.create()
    code = """
import sys
from pathlib import Path
from skeleton_lab.runs.folder import RunFolder
RunFolder(Path(sys.argv[1]), resumed=True, config={}).hold()
print("held", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code, str(folder.path)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    for taken in (folder.hold, claim(folder.path, overwrite=True).create):
        with pytest.raises(InputError, match=r"^run\.folder: .*run is in use by another process$"):
            taken()
    other.kill()
    other.communicate()
    folder.hold()
    folder.leave()
    assert [path.name for path in folder.path.iterdir()] == ["config.toml"]


def test_a_score_that_is_no_number_is_the_lowest(tmp_path):
    best, process, model = Selection(tmp_path), SimpleNamespace(is_main_process=True), nn.Linear(1, 1)
    for step, score in enumerate((math.nan, -2.0, math.nan, -1.0, math.nan), start=1):
        best.offer(process, model, step=step, score=(score,))
    assert (best.step, best.score) == (4, (-1.0,))
    assert best.complaint() is None


def test_an_older_checkpoint_that_is_damaged_does_not_end_the_next_save(tmp_path):
    run = claim(tmp_path / "run")
    for step, state in ((1, "{"), (2, '{"best": {"step": 2, "score": [0.5], "sha256": ""}}')):
        (run.checkpoints / f"step-{step:09d}").mkdir(parents=True)
        (run.checkpoints / f"step-{step:09d}" / "run.json").write_text(state)
        (run.checkpoints / f"best-{step:09d}.safetensors").touch()
    Checkpoints(None, run, keep=2)._forget_all_but(run.checkpoints / "step-000000002")
    kept = {"step-000000001", "step-000000002", "best-000000002.safetensors"}
    assert {path.name for path in run.checkpoints.iterdir()} == kept


def test_resuming_a_run_that_never_began_begins_it(tmp_path):
    assert not claim(tmp_path / "run", resume=True).resumed


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_run_is_never_touched(tmp_path, overwrite):
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(InputError, match="not empty and no run"):
        claim(tmp_path, overwrite=overwrite)
    with pytest.raises(InputError, match="is a file"):
        claim(tmp_path / "thesis.doc", overwrite=overwrite)
    with pytest.raises(InputError, match="cannot be made in"):
        claim(tmp_path / "thesis.doc" / "run", overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    write_atomically(tmp_path / "file", b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OutputError, match=r"file cannot be written: disk full"):
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
