"""A store and recipes of trainings that end in seconds, for programs that are no tests."""

from pathlib import Path

import numpy as np

from skeleton_data import StoreWriter, layout

ENCODER = "width = 8\nblocks = [[8, 2], [16, 4]]\ntuple_frames = 2\n"


def write_store(folder: Path) -> Path:
    """96 clips of 8 subjects, in two classes."""
    draw = np.random.default_rng(0)
    kinect, path = layout("kinect_v1"), folder / "toy.store"
    with StoreWriter(path, layout=kinect, class_names=["a", "b"], fps=30) as writer:
        for clip in range(96):
            motion = np.cumsum(draw.normal(0, 0.02, (30, 1, 20, 3)), axis=0)
            body = motion + np.linspace(0, 1.7, 20)[:, None]
            writer.add(body, name=f"{clip}", label=clip % 2, subject=1 + clip // 12)
    return path


def write_pretraining(folder: Path) -> Path:
    """A recipe of twelve steps, on a store beside it."""
    recipe = folder / "pretrain.toml"
    recipe.write_text(
        f'[data]\nsources = [{{ store = "{write_store(folder)}", protocol = "odd-subjects" }}]\n'
        f"validation = 0.25\n[data.sampling]\nframes = 8\n[model.encoder]\n{ENCODER}"
        "[model.decoder]\nwidth = 8\ndepth = 1\nqk_channels = 2\n"
        "[training]\nepochs = 3\nbatch_size = 12\nlog_every = 3\neval_every = 2\nema = 0.9\n"
        f'[run]\nfolder = "{folder}/run"\ntracker = "none"\n'
    )
    return recipe


def write_finetuning(folder: Path) -> Path:
    """A recipe of an epoch, on a store beside it; its run is the folder `tuned`."""
    recipe = folder / "finetune.toml"
    recipe.write_text(
        f'[data]\nstore = "{write_store(folder)}"\nprotocol = "odd-subjects"\n[data.sampling]\nframes = 8\n'
        f"[model]\n{ENCODER}[training]\nepochs = 1\nbatch_size = 12\n"
        f'[run]\nfolder = "{folder}/tuned"\ntracker = "none"\n'
    )
    return recipe
