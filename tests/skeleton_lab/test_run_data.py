"""A run keeps to its data: other data in their place are refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from stopped_runs import before_step, die, run_finetuning

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_lab.compare import check_alike
from skeleton_lab.errors import InputError
from skeleton_lab.evaluation.data import EvaluateData, open_models


@pytest.fixture
def own_store(store, tmp_path):
    """A store that a test may replace."""
    return Path(shutil.copytree(store, tmp_path / "own.store"))


def shift(store):
    """Put a store of as many clips in the place of a store: only one coordinate differs."""
    old = SkeletonStore.open(store)
    with StoreWriter(
        store, layout=old.layout, class_names=old.class_names, fps=old.fps, overwrite=True
    ) as writer:
        for clip in range(len(old)):
            joints = np.array(old.read(clip))
            joints[0, 0, 0, 0] += float(clip == 5)
            facts = {"label": int(old.index.label[clip]), "subject": int(old.index.subject[clip])}
            writer.add(joints, name=old.name(clip), **facts)


def test_other_data_in_the_place_of_a_store_are_refused(finetune_recipe, store, own_store, tmp_path):
    finetune_recipe.write_text(finetune_recipe.read_text().replace(str(store), str(own_store)))
    with before_step(4, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe)
    ended = (finetune_recipe, "--training.epochs", "1", "--run.folder", str(tmp_path / "ended"))
    run_finetuning(*ended)

    shift(own_store)
    other = rf"^{own_store}: .* 96 "
    for resumed in ((finetune_recipe,), ended):
        with pytest.raises(InputError, match=other):
            run_finetuning(*resumed, "--run.resume")
    with pytest.raises(InputError, match=other):
        open_models([str(tmp_path / "ended")], EvaluateData(), "test")
    run_finetuning(*ended[:-1], str(tmp_path / "shifted"))
    with pytest.raises(InputError, match=r"shifted: it has other data than"):
        check_alike(dict.fromkeys((tmp_path / "ended", tmp_path / "shifted")))

    shutil.copytree(store, own_store, dirs_exist_ok=True)
    run_finetuning(finetune_recipe, "--run.resume")
    open_models([str(tmp_path / "ended")], EvaluateData(), "test")


def test_a_recipe_that_lacks_a_field_of_today_is_compared_by_its_default(trained, tmp_path):
    older = Path(shutil.copytree(trained["again"], tmp_path / "older"))
    lines = (older / "config.toml").read_text().splitlines()
    kept = [
        line for line in lines if not line.startswith(("label_smoothing", "nonfinite", "evaluation_mode"))
    ]
    assert len(kept) == len(lines) - 3
    (older / "config.toml").write_text("\n".join(kept))
    check_alike(dict.fromkeys((trained["joint"], older)))


def test_the_card_tells_versions_machine_and_data(trained, store):
    card = (trained["joint"] / "classifier" / "README.md").read_text()
    for fact in ("skeleton-lab 0", "torch 2", "cores", SkeletonStore.open(store).fingerprint):
        assert fact in card
    assert str(store.parent) not in card
