"""Encoders that come with the package: whole, small, built without a connection, and trained."""

import hashlib
import json

import pytest
import torch

from skeletonmae import READY, from_pretrained, ready_folder
from sttformer import STTFormer


@pytest.mark.parametrize("name", READY)
def test_files_are_whole_small_and_have_a_card(name):
    folder = ready_folder(name)
    lines = [line.split("  ") for line in (folder / "SHA256SUMS").read_text().splitlines()]
    assert {file for _, file in lines} == {"config.json", "model.safetensors", "preprocessing.json"}
    for checksum, file in lines:
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == checksum
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2 * 2**20
    card = (folder / "README.md").read_text()
    assert "license: apache-2.0" in card and "synthetic" in card and "UTD-MHAD" in card


@pytest.mark.parametrize("name", READY)
def test_an_encoder_is_built_of_its_name(name, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    encoder = from_pretrained(name)
    assert not encoder.training
    prepared = json.loads((ready_folder(name) / "preprocessing.json").read_text())
    frames, joints = prepared["sampling"]["frames"], len(prepared["layout"]["joints"])
    generator = torch.Generator().manual_seed(0)
    clips = torch.randn(2, 3, frames, joints, 1, generator=generator)
    features = encoder(clips)
    assert features.shape == (2, encoder.num_features) and features.isfinite().all()
    torch.manual_seed(0)
    untrained = STTFormer(encoder.config).eval()
    assert not torch.allclose(features, untrained(clips), atol=1e-2)
    encoder.reset_classifier(7, pool="by_joint")
    assert encoder(clips).shape == (2, 7)


def test_other_names_are_refused():
    with pytest.raises(ValueError, match=READY[0]):
        from_pretrained("skeletonmae-huge")
