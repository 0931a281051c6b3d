"""Test clips that a pre-trained model has met are found clip by clip, whatever store they lie in."""

import json
import shutil

import numpy as np
import pytest
import tomli_w

from skeleton_data import ClipSampling, Preprocessing, SkeletonStore, StoreWriter, layout
from skeleton_lab.data.finetune_clips import FinetuneData
from skeleton_lab.data.same_clips import clips_among
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.models.seen_clips import seen_of_test
from skeleton_lab.runs.fingerprints import DATA, Fingerprint
from sttformer import STTFormerConfig


def write(path, clips, names=None, subjects=None):
    with StoreWriter(path, layout=layout("kinect_v1"), class_names=("wave", "kick"), fps=30) as writer:
        for at, joints in enumerate(clips):
            subject = subjects[at] if subjects else at
            name = names[at] if names else f"{path.name}-{at}"
            writer.add(joints, name=name, label=at // 2 % 2, subject=subject)
    return SkeletonStore.open(path)


def test_the_same_clips_are_found_as_by_comparing_every_pair(tmp_path):
    draw = np.random.default_rng(0)
    clips = [draw.normal(size=(frames, 1, 20, 3)).astype(np.float32) for frames in (5, 5, 6, 7, 5, 9)]
    clips[4][2] = clips[0][2]  # one frame alike
    clips[3] = np.concatenate([clips[2][:4], clips[2][3:]])  # the same but for a frame that is there twice
    changed = clips[1].copy()
    changed[0, 0, 0, 0] += 1e-6
    first = write(tmp_path / "first", clips)
    second = write(tmp_path / "second", [clips[5], changed, clips[4], clips[2], clips[2], clips[1][:4]])
    for numbers in ([0, 1, 2, 3, 4, 5], [5, 2], []):
        for candidates in ([0, 1, 2, 3, 4, 5], [2], []):
            here, there = np.array(numbers, np.int64), np.array(candidates, np.int64)
            slow = [any(np.array_equal(first.read(a), second.read(b)) for b in candidates) for a in numbers]
            assert clips_among(first, here, second, there).tolist() == slow
    assert clips_among(first, np.arange(6), second, np.arange(6)).sum() == 3


@pytest.fixture
def stores(tmp_path):
    """A store of eight subjects, another of its clips 1, 3 and new ones, and a third of other clips."""
    draw = np.random.default_rng(1)
    clips = [draw.normal(size=(6, 1, 20, 3)).astype(np.float32) for _ in range(16)]
    write(tmp_path / "mine", clips[:8], subjects=[*range(1, 9)])
    write(tmp_path / "mixed", [clips[9], clips[3], clips[10], clips[1]], subjects=[1, 2, 3, 4])
    write(tmp_path / "other", clips[11:15], subjects=[1, 2, 3, 4])
    return tmp_path


def trained(run, data, **recipe):
    """Return a model of a run of which only recipe and fingerprints are there."""
    run.mkdir()
    (run / "config.toml").write_text(tomli_w.dumps({"data": data, **recipe}))
    sources = [*data.get("sources", [data]), *({"store": store} for store in data.get("unlabelled", ()))]
    prints = [Fingerprint.of(SkeletonStore.open(source["store"])) for source in sources]
    (run / DATA).write_text(json.dumps([each.model_dump() for each in prints]))
    config = STTFormerConfig(joints=20, num_classes=0)
    preprocessing = Preprocessing(
        layout=layout("kinect_v1"), units="m", bodies=1, cleaning=None, fps=30, sampling=ClipSampling()
    )
    return SavedModel(run, config, preprocessing, run)


def test_recordings_count_in_whatever_store_they_lie(stores):
    mine, mixed, other = (str(stores / name) for name in ("mine", "mixed", "other"))
    clips = FinetuneData(store=mine, protocol="odd-subjects", validation=0).open()  # clips 1, 3, 5, 7 test
    labelled = {"store": mine, "protocol": "odd-subjects"}
    expected = {
        "not": [
            {"sources": [{"store": other}, labelled]},
            {"sources": [{"store": mixed, "protocol": "odd-subjects"}]},  # its clips 0 and 2 are new
            labelled,
            labelled | {"unlabelled": [mixed]},  # those of its own test side were left out
        ],
        "unlabelled": [
            {"sources": [{"store": other}, {"store": mixed}]},
            {"sources": [{"store": mixed, "protocol": "subject in 2"}]},
            {"store": other, "protocol": "odd-subjects", "unlabelled": [mixed]},
        ],
        "labelled": [
            {"store": mixed, "protocol": "subject in 1,2"},
            {"store": mine, "protocol": "subject in 1,2"},
        ],
    }
    for seen, cases in expected.items():
        for number, data in enumerate(cases):
            model = trained(stores / f"{seen}-{number}", data)
            assert seen_of_test(model, clips) == seen, data
    transductive = trained(stores / "transductive", labelled, transductive=True)
    assert seen_of_test(transductive, clips) == "unlabelled"


def test_what_can_no_longer_be_read_is_not_known(stores):
    mine, other = str(stores / "mine"), stores / "other"
    clips = FinetuneData(store=mine, protocol="odd-subjects", validation=0).open()
    model = trained(stores / "run", {"sources": [{"store": str(other)}]})
    assert seen_of_test(model, clips) == "not"
    shutil.rmtree(other)
    assert seen_of_test(model, clips) is None
    shutil.copytree(stores / "mixed", other)  # another store in its place
    assert seen_of_test(model, clips) is None
    assert (
        seen_of_test(trained(stores / "later", {"store": mine, "protocol": "odd-subjects"}), clips) == "not"
    )
    began = {"pretrained": str(stores / "nowhere")}
    later = trained(stores / "chain", {"store": mine, "protocol": "odd-subjects"}, **began)
    assert seen_of_test(later, clips) is None
