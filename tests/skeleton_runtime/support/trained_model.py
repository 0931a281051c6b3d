"""A small model of three synthetic actions, as `share` wrote it, and how answers are compared."""

from pathlib import Path

import numpy as np

MODEL = Path(__file__).parent / "model"


def assert_alike(answers, others):
    """The same classes, with the same probabilities."""
    assert len(answers) == len(others)
    for answer, other in zip(answers, others, strict=True):
        assert answer.label == other.label
        np.testing.assert_allclose(answer.probabilities, other.probabilities, atol=1e-4)
