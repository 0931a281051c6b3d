"""What a trained classifier teaches the next one: its answers to clips without labels, as targets."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from torch import Tensor

from skeleton_lab.data.clips import count
from skeleton_lab.data.finetune_clips import FinetuneClips
from skeleton_lab.data.unlabelled import UnlabelledClips
from skeleton_lab.evaluation.evaluation import ClipReader
from skeleton_lab.models.saved_model import SavedModel
from skeleton_lab.runs.results import FinetuneResult, SelfTrainingResult
from skeleton_lab.training.pseudo_labels import fraction_right, soft_targets, target_table
from skeleton_lab.training.self_training import SelfTraining


def teach(
    accelerator: Accelerator,
    before: FinetuneResult,
    method: SelfTraining,
    clips: FinetuneClips,
    others: UnlabelledClips,
    *,
    batch_size: int,
    workers: int,
) -> tuple[Tensor, SelfTrainingResult]:
    """Let a finished fine-tuning answer, and return what the next one is taught.

    Args:
        accelerator: Divides the clips over processes.
        before: What the fine-tuning ended with.
        method: How its answers become targets.
        clips: The labelled clips.
        others: The clips that it answers to.
        batch_size: Clips of a step over all processes.
        workers: Processes that read ahead.

    Returns:
        Targets (L + N, K) of the L labelled clips and the N others, and what the result tells of them.
    """
    model = SavedModel.open(before.folder)
    network, preprocessing = model.load().to(accelerator.device), model.preprocessing
    answers = [
        torch.stack(
            [
                ClipReader(accelerator, store, batch_size, workers)
                .predict_all(network, preprocessing, numbers, view=view)
                .softmax(1)
                for view in range(method.views)
            ]
        ).mean(0)
        for store, numbers in others.clips
    ]
    labels = torch.from_numpy(clips.store.index.label[clips.train].astype("int64")).to(accelerator.device)
    soft = soft_targets(
        torch.cat(answers),
        torch.bincount(labels, minlength=len(clips.classes)) / len(labels),
        sharpening=method.sharpening,
        alignment=method.alignment,
    )
    earlier = before.self_training
    result = SelfTrainingResult(
        unlabelled_clips=count(others.clips),
        left_out=others.left_out,
        transductive=others.transductive,
        right=[
            *(earlier.right if earlier else ()),
            fraction_right(soft.cpu(), torch.from_numpy(others.labels(clips.classes))),
        ],
        seconds=round(before.seconds + (earlier.seconds if earlier else 0), 1),
    )
    return target_table(labels, soft), result
