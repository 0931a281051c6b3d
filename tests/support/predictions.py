"""Classifiers that were never trained, and what they answer."""

import io
import json

import pytest
import torch

from skeleton_data import ClipSampling, Preprocessing, sample_clips
from skeleton_data.layouts.layout import layout
from skeleton_lab import predict
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.models.saving import save_network
from skeleton_lab.recipe.recipe import read_options
from sttformer import STTFormer, STTFormerConfig

CLASSES = ("slow", "fast", "wide")


def run(*arguments, lines=(), insist=True):
    """What the app prints, line by line; by default bodies need not be people's."""
    given = [*map(str, arguments), *(["--insist"] if insist else [])]
    config = read_options(predict.PredictConfig, given, program="predict")
    out = io.StringIO()
    predict.run(config, lines=lines, out=out)
    return out.getvalue().splitlines()


def save_model(folder, name, *, bodies=2, cleaning=None, units="m", sure=30, **sampling):
    """A classifier that was never trained, for the layout of that name."""
    torch.manual_seed(0)
    known = layout(name)
    network = STTFormer(
        STTFormerConfig(
            joints=len(known.joints), width=8, blocks=((8, 2),), tuple_frames=2, num_classes=len(CLASSES)
        )
    )
    network.head.weight.data *= sure
    preprocessing = Preprocessing(
        layout=known,
        units=units,
        bodies=bodies,
        cleaning=cleaning,
        sampling=ClipSampling(frames=8, **sampling),
        classes=CLASSES,
    )
    save_network(network.eval(), folder, preprocessing)
    return folder


def expected(model, clip):
    """Probabilities of a clip (T, M, V, 3), from the network itself."""
    saved = SavedModel.open(model)
    with torch.no_grad():
        joints = torch.from_numpy(sample_clips([clip], saved.preprocessing))
        return saved.load()(joints).softmax(1)[0].tolist()


def assert_same(classes, probabilities):
    assert [classes[name] for name in CLASSES] == pytest.approx(probabilities, abs=1e-4)


def frames(clip, decimals=7):
    return [json.dumps(frame.round(decimals).tolist()) + "\n" for frame in clip]
