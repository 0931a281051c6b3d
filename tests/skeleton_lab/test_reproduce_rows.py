"""Every row of every study: its recipes are read, fitted to a store, built, and take two steps."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from skeleton_data import ClipSet, SkeletonDataset, StoreWriter
from skeleton_data.layouts.layout import layout
from skeleton_lab import contrast, pretrain, reproduce, simple
from skeleton_lab.baselines.config import NETWORKS
from skeleton_lab.baselines.raw_coordinates import network, train
from skeleton_lab.data.noise import ClipNoise
from skeleton_lab.errors import InputError
from skeleton_lab.models.weights import build_network
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.studies.plan import distinct, plan
from skeleton_lab.studies.study import Study
from skeletonmae import SkeletonMAE, SkeletonMAEConfig

REPO = Path(__file__).parents[2]
STUDIES = sorted(path.stem for path in REPO.glob("configs/studies/*.toml"))
PAPER = {"table1", "table2", "table3", "table4", "table5", "figure4"}


@pytest.fixture(autouse=True)
def in_repository(monkeypatch):
    """Recipes, presets and sizes are named as from there."""
    monkeypatch.chdir(REPO)


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory):
    path = tmp_path_factory.mktemp("stores") / "unlabelled"
    rng = np.random.default_rng(1)
    with StoreWriter(path, layout=layout("kinect_v1"), class_names=["?"], fps=30) as writer:
        for clip in range(8):
            writer.add(rng.normal(size=(30, 1, 20, 3)), name=f"{clip}", label=0, subject=1 + clip % 4)
    return path


def read(name, store, *options):
    return read_recipe(Study, [name, "--data", str(store), *options], program="test", folder="studies")


def two_steps(recipe, clips, batch):
    """Loss of a recipe's model before each of two steps."""
    generator = torch.Generator().manual_seed(0)
    if isinstance(recipe, simple.SimpleConfig):
        inputs = batch.joints.flatten(3).transpose(1, 2).flatten(2)
        if recipe.model.kind not in NETWORKS:
            return [0.0]
        model = network(recipe.model, inputs, batch.label, classes=len(clips.classes))
        training = recipe.training.model_copy(update={"steps": 2})
        return [float(train(model, training, inputs, batch.label, validation=None)[0])]
    model = recipe.build()
    optimizer, losses = recipe.optimizer.build(model), []
    for step in range(2):
        match recipe:
            case pretrain.PretrainConfig():
                loss = model(batch.joints, generator=generator, present=batch.present).loss
            case contrast.ContrastConfig():
                noise = ClipNoise(torch.arange(len(batch.label)))
                loss = model(batch.joints, generator=noise, mine=bool(step)).loss
            case _:
                loss = F.cross_entropy(model(batch.joints), batch.label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def without(arguments, *dropped):
    """Options of a run that do not tell it from others of its kind."""
    pairs = list(arguments)
    for name in dropped:
        if name in pairs:
            at = pairs.index(name)
            del pairs[at : at + 2]
    return tuple(pairs)


def test_tables_share_the_pretraining_of_the_paper(store):
    folders = [
        {run.folder for run in distinct(plan(read(name, store, "--protocols", "odd-subjects")))}
        for name in ("table1", "table2", "figure4", "table4")
    ]
    assert set.intersection(*folders)


def test_self_training_begins_with_the_run_of_the_row_without_it(store):
    trials = {trial.row.name: trial for trial in plan(read("labels", store, "--seeds", "1"))}
    for name, plain in (
        ("from scratch / self-training", "from scratch"),
        ("SkeletonMAE / self-training", "SkeletonMAE / fine-tuned"),
    ):
        answer, first = trials[name].answer, trials[plain].answer
        assert first in answer.needs and list(trials[name].runs)[-2:] == [first, answer]
        recipe, before = reproduce.recipe_of(answer), reproduce.recipe_of(first)
        assert recipe.first.model_dump(exclude={"run"}) == before.model_dump(exclude={"run"})
        assert recipe.first.run.folder == before.run.folder and recipe.rounds == 2


def test_a_self_training_that_was_stopped_in_its_first_round_goes_on(store, tmp_path):
    options = (
        "--protocols",
        "odd-subjects",
        "--labels",
        "1/class",
        "--seeds",
        "1",
        "--folder",
        str(tmp_path),
    )
    trials = {trial.row.name: trial for trial in plan(read("labels", store, *options))}
    run = trials["from scratch / self-training"].answer
    (before,) = run.needs
    before.folder.mkdir(parents=True)
    before.result.write_text("{}")
    (run.folder / "teacher").mkdir(parents=True)
    (run.folder / "teacher" / "config.toml").touch()
    reproduce.check_run(run, "test", ())
    (run.folder / "else").touch()
    with pytest.raises(InputError, match=r"run\.folder"):
        reproduce.check_run(run, "test", ())


def test_a_row_begins_with_a_model_that_is_there(store):
    trials = {trial.row.name: trial for trial in plan(read("ready", store, "--seeds", "1"))}
    tuned = trials["skeletonmae-small / fine-tuned"]
    assert not tuned.pretrainings and reproduce.recipe_of(tuned.answer).pretrained == "skeletonmae-small"
    probed = trials["skeletonmae-small / linear probe per joint"]
    assert list(probed.runs) == [probed.answer]
    assert reproduce.recipe_of(probed.answer).models == ("skeletonmae-small",)


@pytest.mark.parametrize("preset", sorted(path.stem for path in REPO.glob("configs/presets/*.toml")))
def test_contrastive_methods_have_the_same_queue(store, preset):
    study = read("table4", store, "--protocols", "odd-subjects", "--preset", preset, "--epochs", "2")
    recipes = [reproduce.recipe_of(run) for run in distinct(plan(study)) if run.app == "contrast"]
    assert {recipe.method.kind for recipe in recipes} == {"crossclr", "aimclr"}
    assert len({recipe.method.moco for recipe in recipes}) == 1
    assert len({recipe.training.epochs for recipe in recipes}) == 1


@pytest.mark.parametrize("name", STUDIES)
def test_every_row_takes_two_steps(name, store, unlabelled, tmp_path):
    options = ("--protocols", "odd-subjects", "--unlabelled", str(unlabelled), "--model", "toy")
    study = read(name, store, *options, "--folder", str(tmp_path), "--seeds", "1")
    study = study.model_copy(update={"labels": study.labels[:1]})
    runs = distinct(plan(study))
    assert {run.app for run in runs} - {"evaluate"} <= {"pretrain", "contrast", "finetune", "simple"}
    seen = set()
    for run in runs:
        kind = without(run.arguments, "--pretrained", "--run.folder")
        recipe = None if kind in seen else reproduce.recipe_of(run)
        seen.add(kind)
        if recipe is None or run.app == "evaluate":
            continue
        if run.app == "finetune":
            recipe = recipe.model_copy(update={"pretrained": None})
        clips = recipe.data.open()
        recipe = recipe.resolved(clips)
        source = ClipSet(recipe_store(clips), np.arange(8))
        common = clips.layout if isinstance(recipe, pretrain.PretrainConfig) else None
        sampling = recipe.data.sampling
        data = SkeletonDataset([source], sampling, bodies=2, training=True, seed=0, layout=common)
        losses = two_steps(recipe, clips, data[[(0, clip) for clip in range(8)]])
        assert np.isfinite(losses).all(), run.command


def recipe_store(clips):
    return clips.store if hasattr(clips, "store") else clips.train[0][0]


def test_the_tables_of_the_paper_are_there():
    assert set(STUDIES) >= PAPER


@pytest.mark.parametrize("name", sorted(PAPER))
def test_recipes_of_the_paper_are_the_papers(name, store, tmp_path):
    """200 + 200 epochs of Adam, 5e-3, weight decay 1e-4, in batches of 64, x 0.1 at epochs 60, 90, 110."""
    study = read(name, store, "--protocols", "odd-subjects", "--folder", str(tmp_path))
    assert study.preset == "paper"
    papers = [trial for trial in plan(study) if trial.row.pretrain == "skeletonmae" and trial.row.length == 1]
    before, after = (reproduce.recipe_of(run) for run in papers[-1].runs)
    for recipe in (before, after):
        assert recipe.data.sampling.frames == 20
        assert (recipe.optimizer.kind, recipe.optimizer.lr, recipe.optimizer.weight_decay) == (
            "adam",
            5e-3,
            1e-4,
        )
        assert (recipe.training.epochs, recipe.training.batch_size) == (200, 64)
        assert (recipe.schedule.milestones, recipe.schedule.gamma) == ((60, 90, 110), 0.1)
        assert recipe.data.validation > 0
    assert after.training.label_smoothing == 0.1
    if name not in {"table2", "table3"}:
        assert (before.model.decoder.width, before.model.decoder.depth) == (256, 9)
    if name == "table5":
        assert study.labels == ("5%", "10%")


def test_the_paper_page_lists_what_the_preset_sets_otherwise_than_the_default_recipe(store, tmp_path):
    """The table is complete: all other fields are equal, but for places, seeds and which labels are used."""
    (tmp_path / "study.toml").write_text(
        'name = "one"\ntitle = "One"\nprotocols = ["odd-subjects"]\npreset = "adamw_cosine"\n'
        '[[rows]]\nname = "one"\npretrain = "skeletonmae"\n'
    )
    found = []
    for run in distinct(plan(read(str(tmp_path / "study.toml"), store))):
        mine = flat(reproduce.recipe_of(run).model_dump(mode="json"))
        config = type(reproduce.recipe_of(run))
        default = flat(read_recipe(config, [f"{run.app}/default"], program=run.app).model_dump(mode="json"))
        assert mine.keys() == default.keys()
        found += [
            [f"`{field}` of `{run.app}`", f"`{mine[field]}`", f"`{default[field]}`"]
            for field in mine
            if mine[field] != default[field] and field not in GIVEN
        ]
    page = (REPO / "docs/paper.md").read_text(encoding="utf-8")
    table = page.split("| field | preset `adamw_cosine` | default recipe |\n")[1].split("\n\n")[0]
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]] == found


GIVEN = {"data.sources", "data.store", "data.protocol", "data.label_fraction", "pretrained"}
GIVEN |= {"run.folder", "run.resume"}
"""What every run of a study is given, whatever the preset."""


def flat(settings, prefix=""):
    """Nested settings by dotted name."""
    found = {}
    for name, value in settings.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def test_lengths_are_shares_of_the_epochs(store, tmp_path):
    def lengths(*options):
        study = read("figure4", store, "--protocols", "odd-subjects", "--folder", str(tmp_path), *options)
        runs = [run for trial in plan(study) for run in trial.pretrainings]
        recipes = map(reproduce.recipe_of, runs)
        return [(recipe.training.epochs, recipe.schedule.milestones) for recipe in recipes]

    stay, move = (60, 90, 110), (0.3, 0.45, 0.55)
    assert lengths() == [
        *((50, stay), (100, stay), (150, stay), (200, stay)),
        *((50, move), (100, move), (150, move)),
    ]
    assert [epochs for epochs, _ in lengths("--epochs", "8")] == [2, 4, 6, 8, 2, 4, 6]


@pytest.mark.parametrize("path", sorted(REPO.glob("configs/sizes/*.toml")), ids=lambda path: path.stem)
def test_networks_of_every_size_can_be_built(path, store):
    study = read("table4", store, "--model", path.stem, "--protocols", "odd-subjects")
    sizes = study.read_sizes(study.read_preset())
    parsed = {
        kind: SkeletonMAEConfig(
            encoder={"kind": kind, **sizes.encoders[kind]}, decoder={"kind": kind, **decoder}
        )
        for kind, decoder in sizes.decoders.items()
    }
    with torch.device("meta"):
        models = [SkeletonMAE(config) for config in parsed.values()]
        graph = build_network(contrast.STGCNConfig(**sizes.encoders["stgcn"]))
    for model in [*models, graph]:
        assert all(weights.is_meta for weights in model.parameters())
