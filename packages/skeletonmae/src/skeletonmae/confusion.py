"""Which classes are taken for which."""

from torch import Tensor


def confusion_matrix(labels: Tensor, predicted: Tensor, *, classes: int) -> Tensor:
    """Count clips by true class (row) and recognised class (column).

    Args:
        labels: True classes (N,), int64.
        predicted: Recognised classes (N,), int64.
        classes: Number of classes, K.

    Returns:
        (K, K) int64.

    Raises:
        ValueError: If lengths differ, or a class is not below K.

    Example:
        >>> import torch
        >>> confusion_matrix(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), classes=2)
        tensor([[1, 1],
                [0, 1]])
    """
    if labels.ndim != 1 or labels.shape != predicted.shape:
        raise ValueError(f"labels {tuple(labels.shape)} and predicted {tuple(predicted.shape)} must be (N,)")
    for name, values in (("labels", labels), ("predicted", predicted)):
        if len(values) and not 0 <= int(values.min()) <= int(values.max()) < classes:
            raise ValueError(
                f"{name} must be classes from 0 to {classes - 1}, got {values.min()} to {values.max()}"
            )
    return (labels * classes + predicted).bincount(minlength=classes**2).view(classes, classes)
