"""Without a recipe: what is read, what is chosen by the clips, and that the command line decides."""

import csv
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_lab import finetune, pretrain
from skeleton_lab.errors import InputError
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.runs.folder import RUN_SHORTCUTS
from skeleton_lab.studies.run_check import require_augmentation, require_use
from skeleton_lab.training.choices import CHOICES, FEW, MANY, Found, read_or_choose

TABLES = Path(__file__).parents[2] / "docs" / "results" / "tables"
AUGMENT = "--data.sampling.augment"
NEVER = (f"{AUGMENT}.probability", "0")
tune = partial(read_or_choose, finetune.FinetuneConfig, program="finetune", shortcuts=RUN_SHORTCUTS)
train = partial(read_or_choose, pretrain.PretrainConfig, program="pretrain", shortcuts=RUN_SHORTCUTS)


@pytest.fixture(scope="module")
def few(store, tmp_path_factory):
    """The clips of the store, six of which have a label, and the others none."""
    path, whole = tmp_path_factory.mktemp("few") / "few.store", SkeletonStore.open(store)
    kept = np.concatenate([np.flatnonzero(whole.index.label == label)[[0, 4]] for label in range(3)])
    with StoreWriter(path, layout=whole.layout, class_names=whole.class_names, fps=30) as writer:
        for clip in range(len(whole)):
            label = int(whole.index.label[clip]) if clip in kept else -1
            writer.add(whole.read(clip), name=f"{clip}", label=label, subject=int(whole.index.subject[clip]))
    return path


def given(store, *options):
    place = ["--data.store", str(store), "--data.protocol", "odd-subjects", "--data.validation", "0"]
    return [*place, "--folder", "run", *options]


def test_few_labels_beside_many_clips_are_taught_and_the_reason_is_said(store, capsys):
    labels = ("--data.labels_per_class", "1")
    config = tune(given(store, *labels))
    assert config.rounds == 2 and not config.named
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "finetune/default" in said[0]
    assert "3 clips" in said[1] and "45" in said[1] and "--self_training.rounds 0" in said[1]
    recipe = tune(["finetune/default", *given(store, *labels)])
    assert recipe.named and recipe.rounds == 0
    assert config.model_dump(exclude={"self_training"}) == recipe.model_dump(exclude={"self_training"})


@pytest.mark.parametrize(
    ("options", "rounds"),
    [
        ((), 0),
        (("--data.labels_per_class", str(FEW + 1)), 0),
        (("--data.labels_per_class", "1", "--self_training.rounds", "0"), 0),
        (("--data.labels_per_class", "1", "--self_training.rounds", "3"), 3),
        (("--data.labels_per_class", "1", "--training.select", "test"), 0),
        (("--data.labels_per_class", "1", "--transductive"), 0),
        (("--data.labels_per_class", "1", "--data.protocol", "folds(subject, 2)"), 2),
    ],
)
def test_else_labels_alone_and_the_command_line_decides(store, options, rounds):
    assert tune(given(store, *options)).rounds == rounds


def test_clips_without_a_label_count(few):
    place = ["--data.store", str(few), "--data.protocol", "all", "--data.validation", "0", "--folder", "run"]
    assert tune(place).rounds == (2 if FEW >= 2 else 0)
    assert tune([*place, "--data.labels_per_class", "1"]).rounds == 2


def test_a_recipe_that_is_named_is_read_as_it_is(finetune_recipe, pretrain_recipe, capsys):
    for read, recipe, kind in (
        (tune, finetune_recipe, finetune.FinetuneConfig),
        (train, pretrain_recipe, pretrain.PretrainConfig),
    ):
        few_labels = ["--data.labels_per_class", "1"] if read is tune else []
        config = read([str(recipe), *few_labels])
        assert config == read_recipe(kind, [str(recipe), *few_labels], program="x") and config.named
    assert capsys.readouterr().err == ""


def test_what_a_recipe_is_an_example_with_is_not_taken_for_ones_own():
    with pytest.raises(InputError) as error:
        tune([])
    assert "data" in str(error.value) and "run.folder" in str(error.value)
    with pytest.raises(InputError, match=r"data\.sources"):
        train(["--folder", "run"])


def test_pretraining_is_as_long_as_it_was_measured(store):
    sources = ["--data.sources", f'[{{"store": "{store}"}}]', "--folder", "run"]
    assert train(sources).training.epochs == 20
    assert train([*sources, "--training.epochs", "3"]).training.epochs == 3
    named = train(["pretrain/default", *sources])
    assert named.training.epochs == 100 and named.model == train(sources).model


def test_the_command_runs_what_is_chosen(store, monkeypatch):
    configs = []
    monkeypatch.setattr(finetune, "run", configs.append)
    monkeypatch.setattr(finetune, "print_ending", lambda result: None)
    monkeypatch.setattr(sys, "argv", ["x", *given(store, "--data.labels_per_class", "1")])
    finetune.main()
    assert configs[0].rounds == 2


def test_pictures_and_labels_of_many_clips_are_left_alone():
    chosen = CHOICES["finetune"]

    def rounds(**found):
        facts = {"labelled": 9, "unlabelled": 900, "classes": 9, "units": "m"} | found
        return next(each for each in chosen if each.applies(Found(**facts))).settings

    assert rounds() == {"self_training": {"rounds": 2}}
    assert not rounds(units="picture") and not rounds(unlabelled=9 * MANY - 1)
    assert not rounds(labelled=9 * FEW + 1) and not rounds(unlabelled=0)
    assert all(choices[-1].applies(Found(0, 10**6, 0, "picture")) for choices in CHOICES.values())


def test_self_training_gained_in_the_tables_that_the_choice_rests_on():
    with (TABLES / "labels-self-training.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["row"] == "from scratch / self-training"]
    labels = {"UTD-MHAD, 1/class": 1, "MSRC-12, 1 %": 32 / 12, "Bandai-Namco 2, 5/class": 5}
    assert {row["column"] for row in rows} == labels.keys()
    for row in rows:
        gained = float(row["difference"]) > float(row["difference_interval"])
        assert gained == (labels[row["column"]] <= FEW)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (("--run.processes", "2"), "run.processes"),
        (("--no-run.everything",), "run.everything"),
        (("--self_training.views", "2"), "self_training.views"),
        (("--transductive",), "transductive"),
        (("--transductive", "--data.protocol", "folds(subject, 2)"), "transductive"),
        (("--transductive", "--self_training.rounds", "1", "--self_training.views", "2"), None),
        (("--transductive", "--data.protocol", "folds(subject, 2)", "--pretrained", "x"), None),
        (("--run.processes", "2", "--data.protocol", "folds(subject, 2)"), None),
        ((*NEVER, f"{AUGMENT}.flip", "0.5"), "data.sampling.augment.flip"),
        ((*NEVER, f"{AUGMENT}.scale", "0"), None),
        ((f"{AUGMENT}.flip", "0.5"), None),
    ],
)
def test_an_option_that_does_nothing_alone_is_named(finetune_recipe, options, field):
    config = tune([str(finetune_recipe), *options])
    if field is None:
        require_use(config)
        return
    with pytest.raises(InputError, match=rf"^{field}\b"):
        require_use(config)


def test_pretrain_refuses_augmentation_that_never_happens(monkeypatch, capsys, store, tmp_path):
    place = ["--data.sources", f'[{{"store": "{store}", "protocol": "odd-subjects"}}]', "--folder"]
    options = [*place, str(tmp_path / "run"), *NEVER, f"{AUGMENT}.noise", "0.1"]
    with pytest.raises(InputError, match=r"^data.sampling.augment.noise\b"):
        require_augmentation(train(options))
    monkeypatch.setattr(sys, "argv", ["pretrain", *options, "--dry_run"])
    with pytest.raises(SystemExit, match="2"):
        pretrain.main()
    assert "data.sampling.augment.noise" in capsys.readouterr().err
