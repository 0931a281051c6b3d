"""Self-training: what is taught, from which clips, and that a run that was stopped ends like a whole one."""

import json
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from stopped_runs import answers, before_step, die, run_finetuning

from skeleton_data import SkeletonStore, StoreWriter
from skeleton_lab import finetune
from skeleton_lab.data.unlabelled import PartlyLabelledData
from skeleton_lab.errors import InputError
from skeleton_lab.estimator.classifier import SkeletonClassifier
from skeleton_lab.evaluation.data import EvaluateData, open_models
from skeleton_lab.models.seen_clips import seen_of_test
from skeleton_lab.recipe.recipe import read_recipe
from skeleton_lab.studies import cross_validate
from skeleton_lab.training.loaders import mixed_batches
from skeleton_lab.training.plan import Plan
from skeleton_lab.training.pseudo_labels import fraction_right, soft_targets, target_table

FEW = ("--data.labels_per_class", "2", "--training.steps", "4", "--training.eval_every", "2")
ROUNDS = (*FEW, "--self_training.rounds", "2", "--self_training.views", "2", "--run.tracker", "none")


@given(st.integers(0, 99), st.integers(1, 7), st.integers(2, 5), st.floats(1, 4), st.booleans())
def test_targets_are_those_of_a_slow_loop(seed, clips, classes, sharpening, alignment):
    draw = np.random.default_rng(seed)
    answers, prior = draw.dirichlet(np.ones(classes), clips), draw.dirichlet(np.ones(classes))
    expected = np.zeros((clips, classes))
    for clip in range(clips):
        for each in range(classes):
            value = answers[clip, each]
            if alignment:
                value *= prior[each] / (sum(answers[:, each]) / clips)
            expected[clip, each] = value**sharpening
        expected[clip] /= expected[clip].sum()
    found = soft_targets(
        torch.from_numpy(answers), torch.from_numpy(prior), sharpening=sharpening, alignment=alignment
    )
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


def test_answers_that_have_the_frequencies_of_the_labels_stay_and_others_get_them():
    balanced = torch.tensor([[0.9, 0.1], [0.1, 0.9]])
    even = torch.tensor([0.5, 0.5])
    assert torch.allclose(soft_targets(balanced, even, sharpening=1), balanced)
    same = torch.tensor([[0.8, 0.2]] * 3)
    assert torch.allclose(soft_targets(same, even, sharpening=3), torch.full((3, 2), 0.5))
    prior = torch.tensor([0.25, 0.75])
    assert torch.allclose(soft_targets(same, prior, sharpening=1).mean(0), prior)
    unknown = soft_targets(torch.tensor([[1.0, 0.0]]), torch.tensor([0.0, 1.0]))
    assert unknown.isfinite().all()


def test_labels_are_taught_as_they_are():
    table = target_table(torch.tensor([2, 0]), torch.tensor([[0.2, 0.3, 0.5]]))
    assert table.tolist() == [[0, 0, 1], [1, 0, 0], pytest.approx([0.2, 0.3, 0.5])]
    assert fraction_right(table, torch.tensor([2, 1, -1])) == 0.5
    assert fraction_right(table, torch.tensor([-1, -1, -1])) is None


@given(st.integers(1, 9), st.integers(1, 30), st.integers(2, 12), st.floats(0.01, 0.99))
def test_every_batch_has_clips_with_and_without_labels(labelled, unlabelled, size, share):
    plan = Plan(steps=6, steps_per_epoch=1, batch_size=3, eval_every=1)
    plan = plan.mixed(batch_size=size, labelled_fraction=share, labelled=labelled, unlabelled=unlabelled)
    whole = list(mixed_batches(labelled, labelled + unlabelled, plan, seed=1))
    for batch in whole:
        positions = [position for _, position in batch]
        assert len(set(positions)) == len(positions) == plan.batch_size
        assert sum(position >= labelled for position in positions) == plan.unlabelled > 0
        assert all(0 <= position < labelled + unlabelled for position in positions)
    assert list(mixed_batches(labelled, labelled + unlabelled, plan, seed=1, start=4)) == whole[4:]
    shares = [
        list(mixed_batches(labelled, labelled + unlabelled, plan, seed=1, process=p, processes=2))
        for p in (0, 1)
    ]
    assert [sorted(a + b) for a, b in zip(*shares, strict=True)] == [sorted(batch) for batch in whole]


def write(path, like, clips, *, keep=None):
    """A store with some clips of another one."""
    with StoreWriter(path, layout=like.layout, class_names=like.class_names, fps=30) as writer:
        for clip in clips:
            joints = like.read(int(clip)) if keep is None else keep(like.read(int(clip)))
            writer.add(joints, name=f"again{clip}", label=int(like.index.label[clip]), subject=1)
    return path


def opened(store, *further, transductive=False, per_class=2):
    data = PartlyLabelledData(
        store=store, protocol="odd-subjects", validation=0.25, labels_per_class=per_class, unlabelled=further
    )
    clips = data.open()
    return clips, data.open_unlabelled(clips, transductive=transductive)


def test_no_clip_of_a_test_or_validation_subject_is_learnt_from(store, tmp_path):
    whole = SkeletonStore.open(store)
    mixed = write(tmp_path / "mixed", whole, range(len(whole)))  # with copies of test and validation clips
    clips, others = opened(store, mixed)
    (_, own), (other, copies) = others.clips
    subjects = whole.index.subject
    never = set(subjects[clips.divided.test]) | set(subjects[clips.divided.validation])
    assert never.isdisjoint(subjects[own])
    assert never.isdisjoint(subjects[copies])  # they are numbered as the clips that they are copies of
    assert others.left_out == len(clips.divided.test) + len(clips.divided.validation)
    assert set(own) | set(clips.train) == set(clips.divided.train)
    assert not set(own) & set(clips.train)
    assert not others.transductive and other.path == mixed

    clips, others = opened(store, mixed, transductive=True)
    own = others.clips[0][1]
    assert others.transductive and set(clips.test) <= set(own)
    assert set(clips.divided.validation).isdisjoint(own)


def test_stores_that_do_not_fit_are_named(store, other_store, tmp_path):
    with pytest.raises(InputError, match=f"data.unlabelled: {other_store}.*{store}"):
        opened(store, other_store)
    with pytest.raises(InputError, match=f"data.unlabelled: {store}"):
        opened(store, store)
    with pytest.raises(InputError, match=r"data\.unlabelled"):
        opened(store, per_class=None)
    flat = tmp_path / "flat"
    whole = SkeletonStore.open(store)
    with StoreWriter(flat, layout=whole.layout, class_names=[], fps=30, units="picture") as writer:
        writer.add(np.abs(whole.read(0)), name="0", label=-1, subject=1)
    with pytest.raises(InputError, match=f"data.unlabelled: {flat}"):
        opened(store, flat)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--training.select", "test"), "training.select"),
        (("--training.balanced_sampling",), "training.balanced_sampling"),
        (("--self_training.labelled_fraction", "1"), "self_training.labelled_fraction"),
    ],
)
def test_what_does_not_go_together_is_refused(finetune_recipe, arguments, field):
    with pytest.raises(InputError, match=field):
        run_finetuning(finetune_recipe, *ROUNDS, *arguments)


def test_a_run_learns_in_rounds_and_one_that_was_stopped_ends_alike(
    finetune_recipe, store, trained, tmp_path, monkeypatch, capsys
):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    more = write(tmp_path / "more", SkeletonStore.open(store), range(0, 40), keep=lambda clip: clip * 1.1)
    given = (*ROUNDS, "--data.unlabelled", str(more), "--pretrained", str(trained["encoder"]))
    line = ["finetune", str(finetune_recipe), *given, "--folder", str(whole)]
    monkeypatch.setattr(sys, "argv", [*line, "--dry_run"])
    finetune.main()
    said = capsys.readouterr()
    assert "learns from" in said.err + said.out and not whole.exists()

    monkeypatch.setattr(sys, "argv", line)
    finetune.main()
    result = json.loads((whole / "result.json").read_text())
    summary = result["self_training"]
    assert summary["unlabelled_clips"] == 36 - 6 + 40 and not summary["transductive"]
    assert len(summary["right"]) == 2 and all(0 <= share <= 1 for share in summary["right"])
    before = json.loads((whole / "teacher" / "result.json").read_text())
    first = json.loads((whole / "teacher" / "teacher" / "result.json").read_text())
    assert before["test"] is first["test"] is first["self_training"] is None  # the test side is met once
    assert before["self_training"]["right"] == summary["right"][:1]
    plain = run_finetuning(
        finetune_recipe,
        *FEW,
        "--pretrained",
        str(trained["encoder"]),
        "--run.folder",
        str(tmp_path / "plain"),
    )
    assert plain.checksums == first["checksums"]
    taught = ("--self_training.teacher", str(tmp_path / "plain"), "--run.folder", str(tmp_path / "taught"))
    again = run_finetuning(finetune_recipe, *given, *taught)
    assert again.checksums == result["checksums"]
    assert again.self_training.right == summary["right"]
    assert not (tmp_path / "taught" / "teacher" / "teacher").exists()
    with pytest.raises(InputError, match=r"self_training\.teacher: training\.steps: 3"):
        run_finetuning(finetune_recipe, *given, *taught, "--training.steps", "3", "--run.overwrite")
    with pytest.raises(InputError, match=r"self_training\.teacher"):
        run_finetuning(
            finetune_recipe, *given, *taught, "--self_training.teacher", str(more), "--run.overwrite"
        )

    models, _, clips = open_models([str(whole)], EvaluateData(), "test")
    assert seen_of_test(models[0], clips) == "not"

    arguments = (*given, "--run.folder", str(stopped))
    for _ in range(2):  # in a round, and as the next one begins
        with before_step(3, die), pytest.raises(KeyboardInterrupt):
            run_finetuning(finetune_recipe, *arguments)
        arguments = (*given, "--run.folder", str(stopped), "--run.resume")
        with before_step(0, die), pytest.raises(KeyboardInterrupt):
            run_finetuning(finetune_recipe, *arguments)
    with before_step(3, die), pytest.raises(KeyboardInterrupt):
        run_finetuning(finetune_recipe, *arguments)
    assert run_finetuning(finetune_recipe, *arguments).checksums == result["checksums"]
    for round_ in ("", "teacher", "teacher/teacher"):
        assert answers(stopped / round_) == answers(whole / round_)


def test_true_labels_of_unlabelled_clips_change_nothing(finetune_recipe, store, tmp_path):
    whole = SkeletonStore.open(store)
    clips, _ = opened(store)
    secret = np.setdiff1d(clips.unlabelled, clips.train)
    results = []
    for number in (0, 1):
        with StoreWriter(
            tmp_path / f"{number}", layout=whole.layout, class_names=whole.class_names, fps=30
        ) as writer:
            for clip in range(len(whole)):
                label = int(whole.index.label[clip])
                label = -1 if clip in secret and number else label
                joints, subject = whole.read(clip), int(whole.index.subject[clip])
                writer.add(joints, name=f"clip{clip}", label=label, subject=subject)
        given = ("--data.store", str(tmp_path / f"{number}"), "--run.folder", str(tmp_path / f"run{number}"))
        results.append(run_finetuning(finetune_recipe, *ROUNDS, *given))
    assert results[0].checksums == results[1].checksums
    assert results[0].self_training.right[0] is not None
    assert results[1].self_training.right == [None, None]


def test_who_wants_the_test_clips_without_their_labels_is_told_so(finetune_recipe, tmp_path):
    short = ("--training.steps", "1", "--self_training.rounds", "1", "--run.folder", str(tmp_path / "run"))
    result = run_finetuning(finetune_recipe, *ROUNDS, *short, "--transductive")
    assert result.self_training.transductive
    assert result.self_training.unlabelled_clips == 36 - 6 + 48
    assert "transductive" in (tmp_path / "run" / "classifier" / "README.md").read_text()
    models, _, clips = open_models([str(tmp_path / "run")], EvaluateData(), "test")
    assert seen_of_test(models[0], clips) == "unlabelled"


def test_the_estimator_learns_from_clips_without_a_label_if_it_is_asked_to(capsys):
    draw = np.random.default_rng(0)
    clips = [draw.normal(0, 0.4, (20, 20, 3)) for _ in range(12)]
    y = ["kick", "wave", None, -1, "", float("nan")] * 2
    quick = {"training.steps": 1, "data.validation": 0, "model.width": 8, "self_training.views": 1}
    model = SkeletonClassifier("kinect_v1", settings=quick, self_training=1).fit(clips, y)
    assert capsys.readouterr() == ("", "")  # verbose is off
    assert model.result_.self_training.unlabelled_clips == 8
    assert model.result_.train_clips == 4
    assert model.result_.self_training.right == [None]
    assert SkeletonClassifier("kinect_v1", settings=quick).fit(clips, y).result_.self_training is None


def test_every_fold_teaches_itself_and_its_table_says_what_it_has_seen(finetune_recipe, tmp_path):
    short = ("--training.steps", "1", "--self_training.rounds", "1", "--run.folder", str(tmp_path / "run"))
    folds = ("--data.protocol", "folds(subject, 2)", "--run.processes", "1", "--no-run.everything")
    given = [str(finetune_recipe), *ROUNDS, *short, *folds, "--transductive"]
    config = read_recipe(finetune.FinetuneConfig, given, program="finetune")
    with before_step(0, die), pytest.raises(KeyboardInterrupt):
        cross_validate.run(config)
    resumed = read_recipe(finetune.FinetuneConfig, [*given, "--run.resume"], program="finetune")
    result = cross_validate.run(resumed)
    assert (tmp_path / "run" / "fold-02" / "teacher" / "result.json").is_file()
    assert "transductive" in (tmp_path / "run" / "folds.md").read_text()
    assert result.pooled.clips == 96
