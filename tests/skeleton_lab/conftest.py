"""A store that trains in seconds, and recipes for it."""

from pathlib import Path

import numpy as np
import pytest
from toy_study import STUDY


@pytest.fixture(scope="session", autouse=True)
def curves_are_not_rendered():
    """Curves are put on a figure, but no picture is made of it: that would be half of a toy fine-tuning."""
    from matplotlib.figure import Figure

    from skeleton_lab.pictures import curves

    class NotRendered(Figure):
        def savefig(self, path, **_):
            Path(path).write_bytes(b"")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "Figure", NotRendered)
        yield


@pytest.fixture
def rendered_curves(monkeypatch):
    """As users have them."""
    from matplotlib.figure import Figure

    from skeleton_lab.pictures import curves

    monkeypatch.setattr(curves, "Figure", Figure)


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    """Three classes of arm movement by eight subjects, 20 joints, one or two bodies: 96 clips."""
    from skeleton_data import StoreWriter
    from skeleton_data.layouts.layout import layout

    path = tmp_path_factory.mktemp("stores") / "tiny.store"
    kinect = layout("kinect_v1")
    rng = np.random.default_rng(0)
    with StoreWriter(path, layout=kinect, class_names=["slow", "fast", "wide"], fps=30) as writer:
        for clip in range(96):
            label, subject, bodies = clip % 3, 1 + clip // 3 % 8, 1 + (clip % 7 == 0)
            time = np.arange(rng.integers(20, 40))
            swing = (1, 1, 3)[label] * 0.2 * np.sin(time * (0.2, 0.8, 0.2)[label] + rng.uniform(0, 6))
            pose = rng.normal(0, 0.02, (bodies, 20, 3)) + np.linspace(0, 1.7, 20)[:, None]
            joints = np.broadcast_to(pose, (len(time), bodies, 20, 3)).copy()
            joints[:, :, 5:12, 0] += swing[:, None, None]
            writer.add(joints, name=f"clip{clip}", label=label, subject=subject)
    return path


@pytest.fixture(scope="session")
def other_store(tmp_path_factory) -> Path:
    """Four clips of another skeleton; odd and even subjects have both classes."""
    from skeleton_data import StoreWriter
    from skeleton_data.layouts.layout import layout

    path = tmp_path_factory.mktemp("stores") / "ntu.store"
    with StoreWriter(path, layout=layout("ntu"), class_names=["a", "b"], fps=30) as writer:
        for subject in (1, 2, 3, 4):
            standing = np.tile(np.linspace(0, 1.7, 25)[:, None], (30, 1, 1, 3))
            writer.add(standing, name=f"{subject}", label=subject // 2 % 2, subject=subject)
    return path


ENCODER = "width = 8\nblocks = [[8, 2], [16, 4]]\ntuple_frames = 2\n"
LENGTH = "epochs = 3\nbatch_size = 12\nlog_every = 2\n"


def write_pretrain_recipe(store, folder) -> Path:
    (folder / "pretrain.toml").write_text(
        f'[data]\nsources = [{{ store = "{store}", protocol = "odd-subjects" }}]\nvalidation = 0.25\n'
        f'[data.sampling]\nframes = 8\norigin = "first_frame"\n[model.encoder]\n{ENCODER}'
        f"[model.decoder]\nwidth = 8\ndepth = 1\nqk_channels = 2\n"
        f'[training]\n{LENGTH}[run]\nfolder = "{folder / "pretrained"}"\n'
    )
    return folder / "pretrain.toml"


def write_finetune_recipe(store, folder) -> Path:
    (folder / "finetune.toml").write_text(
        f'[data]\nstore = "{store}"\nprotocol = "odd-subjects"\nvalidation = 0.25\n'
        f'[data.sampling]\nframes = 8\norigin = "first_frame"\n[model]\n{ENCODER}'
        f'[training]\n{LENGTH}[run]\nfolder = "{folder / "finetuned"}"\n'
    )
    return folder / "finetune.toml"


@pytest.fixture
def pretrain_recipe(store, tmp_path) -> Path:
    return write_pretrain_recipe(store, tmp_path)


@pytest.fixture
def finetune_recipe(store, tmp_path) -> Path:
    return write_finetune_recipe(store, tmp_path)


@pytest.fixture
def contrast_recipe(store, tmp_path) -> Path:
    path = tmp_path / "contrast.toml"
    path.write_text(
        f'[data]\nsources = [{{ store = "{store}", protocol = "odd-subjects" }}]\nvalidation = 0.25\n'
        f'[data.sampling]\nframes = 8\norigin = "first_frame"\n'
        f"[model]\nwidth = 8\nnum_features = 8\n[method.moco]\nqueue_size = 32\nchannels = 8\n"
        f'[training]\n{LENGTH}[run]\nfolder = "{tmp_path / "contrasted"}"\n'
    )
    return path


@pytest.fixture(scope="session")
def trained(store, tmp_path_factory) -> dict[str, Path]:
    """Finished runs, barely trained: an encoder, and classifiers of joints (two seeds) and of bones."""
    from skeleton_lab import finetune, pretrain
    from skeleton_lab.recipe.recipe import read_recipe

    folder = tmp_path_factory.mktemp("trained")
    encoder = (pretrain, pretrain.PretrainConfig, write_pretrain_recipe(store, folder))
    classifier = (finetune, finetune.FinetuneConfig, write_finetune_recipe(store, folder))
    runs = {
        "encoder": (*encoder, "--training.epochs", "1"),
        "joint": (*classifier, "--training.steps", "30"),
        "again": (*classifier, "--training.steps", "30", "--training.seed", "1"),
        "bone": (*classifier, "--training.epochs", "1", "--data.sampling.stream", "bone"),
    }
    for name, (app, kind, recipe, *options) in runs.items():
        where = ("--run.folder", str(folder / name), "--run.tracker", "none")
        config = read_recipe(kind, [str(recipe), *options, *where], program=app.__name__)
        app.run(config, bar={"disable": True})
    return {name: folder / name for name in runs}


@pytest.fixture
def in_repository(monkeypatch):
    """Recipes, presets and sizes are named as from there."""
    monkeypatch.chdir(Path(__file__).parents[2])


@pytest.fixture
def study(store, tmp_path):
    """Read the study, with options."""
    from skeleton_lab.recipe.recipe import read_recipe
    from skeleton_lab.studies.study import Study

    path = tmp_path / "little.toml"
    path.write_text(STUDY)

    def read(*options):
        place = ("--data", str(store), "--folder", str(tmp_path / "runs"), "--processes", "1")
        return read_recipe(Study, [str(path), *place, *options], program="reproduce")

    return read
