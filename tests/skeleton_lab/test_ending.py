"""What apps print at their end."""

import json
import sys

import pytest

from skeleton_lab import finetune, pretrain

RUNS = {
    "encoder": (pretrain, "pretrain_recipe", ("--training.epochs", "1")),
    "joint": (finetune, "finetune_recipe", ("--training.steps", "30")),
}


@pytest.fixture(params=RUNS)
def end(request, trained, monkeypatch, capsys):
    """End a run that is finished already, with options; return its name, folder, and what is printed."""
    app, recipe, length = RUNS[request.param]
    path = str(request.getfixturevalue(recipe))

    def end(*options):
        where = ("--run.folder", str(trained[request.param]), "--run.tracker", "none", "--resume")
        monkeypatch.setattr(sys, "argv", ["app", path, *length, *where, *options])
        app.main()
        return request.param, trained[request.param], capsys.readouterr().out

    return end


def test_a_run_ends_with_what_was_reached_and_what_comes_next(end):
    name, folder, printed = end()
    result = json.loads((folder / "result.json").read_text())
    if name == "joint":
        reached = (result["test"]["top1"], result["test"]["mean_class"])
        assert all(f"{100 * share:.1f} %" in printed for share in reached)
        assert f"{folder / 'classifier'}" in printed
        assert f"skeleton-lab predict {folder}" in printed
    else:
        assert f"{result['validation_loss']:.4g}" in printed
        assert f"{folder / 'encoder'}" in printed
        assert (
            f"skeleton-lab finetune --pretrained {folder} --data.store STORE --data.protocol PROTOCOL"
            in printed
        )


def test_only_the_first_process_prints_the_end(end, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert end()[2] == ""
