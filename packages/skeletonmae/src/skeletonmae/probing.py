"""A linear classifier on features that stay as they are: what is linearly there in them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def linear_probe(
    features: Tensor,
    labels: Tensor,
    *,
    classes: int,
    weight_decay: float = 1e-3,
    standardise: bool = True,
    iterations: int = 200,
) -> nn.Linear:
    """Fit multinomial logistic regression to features, from zero and without random numbers.

    Features are standardised, weights W and bias b minimise

        mean cross-entropy(W x + b) + weight_decay / 2 |W|^2

    which is convex, by L-BFGS; then the standardisation is folded into them. A minimum has no learning rate,
    epochs or seed to choose, unlike the probes of AimCLR (rate 3, 100 epochs) and MAMP.

    Args:
        features: (N, F).
        labels: Classes (N,), int64.
        classes: Number of classes, K.
        weight_decay: Strength of the regularisation.
        standardise: False for features that have comparable channels already (`partial_whitening`), whose
            statistics a handful of labelled clips cannot tell.
        iterations: Steps of L-BFGS at most.

    Returns:
        The classifier of features, C to K.

    Raises:
        ValueError: If shapes do not fit.

    Example:
        >>> features = torch.tensor([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
        >>> probe = linear_probe(features, torch.tensor([0, 0, 1, 1]), classes=2)
        >>> probe(torch.tensor([[0.9, 5.0], [2.1, 5.0]])).argmax(1)
        tensor([0, 1])
    """
    if features.ndim != 2 or labels.shape != features.shape[:1] or not len(features):
        raise ValueError(
            f"expected features (N, F) and labels (N,), got {tuple(features.shape)}, {tuple(labels.shape)}"
        )
    features = features.detach()
    mean, scale = torch.zeros_like(features[0]), torch.ones_like(features[0])
    if standardise:
        mean, spread = features.mean(0), features.std(0, correction=0)
        scale = torch.where(spread > 1e-6 * spread.max(), 1 / spread, 0)
    standardised = (features - mean) * scale
    weight = features.new_zeros(classes, features.shape[1], requires_grad=True)
    bias = features.new_zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=iterations, tolerance_grad=1e-6, line_search_fn="strong_wolfe"
    )

    def objective() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(F.linear(standardised, weight, bias), labels)
        loss = loss + weight_decay / 2 * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.enable_grad():
        optimizer.step(objective)  # type: ignore[no-untyped-call]
    probe = nn.Linear(features.shape[1], classes, device=features.device, dtype=features.dtype)
    with torch.no_grad():
        probe.weight.copy_(weight * scale)
        probe.bias.copy_(bias - weight @ (mean * scale))
    return probe.requires_grad_(False)
