"""Names of the version before: on command lines, in recipes, and in what its runs have written."""

import re
import shutil
import tomllib
from functools import reduce

import pytest
import tomli_w

from skeleton_lab import evaluate, finetune, pretrain, simple
from skeleton_lab.errors import InputError
from skeleton_lab.models.model_folder import write_checksums
from skeleton_lab.models.pretraining import load_pretraining
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.recipe.library import CONFIGS, find_recipe
from skeleton_lab.recipe.recipe import read_options, read_recipe
from skeleton_lab.recipe.renamed import FIELDS, RECIPES
from skeleton_lab.recipe.settings import merged
from skeleton_lab.studies.study import Study

VALUES = {
    "data.sampling.augment.axis_rotation_chance": 0.2,
    "data.sampling.augment.chance": 0.3,
    "data.sampling.augment.noise_chance": 0.4,
    "data.sampling.heading": True,
    "self_training.labelled_share": 0.6,
    "terms": "modern",
    "training.accumulate": 3,
    "training.clip_norm": 0.5,
    "training.log_steps": 7,
    "training.period": 9,
}
"""Old names as in a recipe, each with a value that is not the default."""
APPS = (pretrain.PretrainConfig, finetune.FinetuneConfig, simple.SimpleConfig, Study)


def new_name(old):
    table = next(table for table in FIELDS if old.endswith(table))
    return old.removesuffix(table) + FIELDS[table]


def value(config, field):
    return reduce(getattr, field.split("."), config)


def has(config, field):
    *tables, name = field.split(".")
    for table in tables:
        config = config.model_fields[table].annotation if table in config.model_fields else None
        if not hasattr(config, "model_fields"):
            return False
    return name in config.model_fields


def nested(field, given):
    return reduce(lambda inside, name: {name: inside}, reversed(field.split(".")), given)


@pytest.fixture
def recipe_of(pretrain_recipe, finetune_recipe, store, tmp_path):
    """A recipe for a config."""
    data = {"store": str(store), "protocol": "odd-subjects"}
    plain = {
        simple.SimpleConfig: {"data": data, "run": {"folder": "run"}},
        Study: {
            "name": "a",
            "title": "b",
            "data": [str(store)],
            "protocols": ["all"],
            "rows": [{"name": "c"}],
        },
    }
    for config, table in plain.items():
        (tmp_path / f"{config.__name__}.toml").write_text(tomli_w.dumps(table))
    known = {pretrain.PretrainConfig: pretrain_recipe, finetune.FinetuneConfig: finetune_recipe}
    return lambda config: known.get(config, tmp_path / f"{config.__name__}.toml")


def test_each_name_of_the_table_is_tried_here():
    assert {next(table for table in FIELDS if old.endswith(table)) for old in VALUES} == set(FIELDS)
    assert all(any(has(config, new_name(old)) for config in APPS) for old in VALUES)
    assert not any(has(config, old) for config in APPS for old in VALUES)


@pytest.mark.parametrize("old", VALUES)
def test_an_old_name_means_the_new_one(old, recipe_of, capsys):
    given, new = VALUES[old], new_name(old)
    for config in filter(lambda config: has(config, new), APPS):
        recipe = recipe_of(config)

        def read(*arguments, config=config, recipe=recipe):
            return value(read_recipe(config, [str(recipe), *arguments], program="app"), new)

        assert read() != given
        option = [f"--{old}"] if given is True else [f"--{old}", str(given)]
        assert read(*option) == given
        assert read(f"--{old}={given}") == given
        if given is True:
            assert read(f"--no-{old}") is False
        if "." in old:
            table, name = old.rsplit(".", 1)
            assert read(f"--{table}", f'{{"{name}": {str(given).lower()}}}') == given
        content = merged(tomllib.loads(recipe.read_text()), nested(new, None))
        *tables, name = new.split(".")
        reduce(dict.__getitem__, tables, content).pop(name)
        recipe.write_text(tomli_w.dumps(merged(content, nested(old, given))))
        assert read() == given
        with pytest.raises(SystemExit):
            read("--help")
        shown = capsys.readouterr().out
        assert f"--{new}" in shown and f"--{old} " not in shown
        both = merged(tomllib.loads(recipe.read_text()), nested(new, given))
        recipe.write_text(tomli_w.dumps(both))
        with pytest.raises(
            InputError, match=rf"{recipe}: {old.rpartition('.')[2]} .*{new.rpartition('.')[2]}"
        ):
            read()


@pytest.mark.parametrize("old", RECIPES)
def test_a_recipe_is_found_by_its_old_name(old, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    today = CONFIGS / f"{RECIPES[old]}.toml"
    folder, name = old.split("/")
    assert find_recipe(old) == find_recipe(f"configs/{old}.toml") == find_recipe(old, "presets") == today
    assert folder == "terms" or find_recipe(name, folder) == find_recipe(f"{name}.toml", folder) == today


def old_fashioned(run, folder):
    """A copy of a run as the version before has written it."""
    shutil.copytree(run, folder)
    (folder / "SHA256SUMS").unlink()  # runs did not end with it then
    config = folder / "config.toml"
    table = tomllib.loads(config.read_text())
    training, sampling = table["training"], table["data"]["sampling"]
    for old, new in {name: FIELDS[name] for name in FIELDS if name.startswith("training.")}.items():
        if (given := training.pop(new.removeprefix("training."), None)) is not None:
            training[old.removeprefix("training.")] = given
    sampling["heading"] = sampling.pop("face_forward")
    sampling["augment"]["chance"] = sampling["augment"].pop("probability")
    if target := table["model"].get("target"):
        assert target["standardise"] == "none"
        target["standardise"] = "no"
    config.write_text(tomli_w.dumps(table))
    for model in folder.glob("*/preprocessing.json"):
        model.write_text(model.read_text().replace('"face_forward"', '"heading"'))
        model.write_text(re.sub(r'"((\w+_)?)probability":', r'"\1chance":', model.read_text()))
        assert '"heading"' in model.read_text() and '"noise_chance"' in model.read_text()
        write_checksums(model.parent)
    return folder


def test_runs_of_the_version_before_are_read(trained, finetune_recipe, tmp_path, capsys):
    before, encoder = (old_fashioned(trained[name], tmp_path / name) for name in ("joint", "encoder"))
    assert SavedModel.open(before).recipe == SavedModel.open(trained["joint"]).recipe
    assert SavedModel.open(before).preprocessing == SavedModel.open(trained["joint"]).preprocessing
    assert load_pretraining(encoder)[0].config.target.standardise == "none"
    options = ["--training.steps", "30", "--run.folder", str(before), "--run.resume"]
    options += ["--run.tracker", "none"]
    resumed = read_recipe(finetune.FinetuneConfig, [str(finetune_recipe), *options], program="finetune")
    assert finetune.run(resumed, bar={"disable": True}).test is not None
    wanted = [str(before), "--folder", str(tmp_path / "evaluated")]
    found = evaluate.run(read_options(evaluate.EvaluateConfig, wanted, program="evaluate"))
    assert found.methods["classifier"].clips == 48
