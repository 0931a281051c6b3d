"""A training of skeleton-lab in which biases that a BatchNorm follows stay as they are.

    python benchmarks/untrained_biases.py reproduce labels --data data/utd-mhad --processes 1

It takes the name of a program in `apps/` and what that is given. BatchNorm removes the effect of such biases,
so that their gradient is nothing but rounding; by default they are trained like all other weights.
"""

import runpy
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from skeletonmae import SkeletonMAE
from sttformer import STTFormer

NO_EFFECT = ("slot_conv.bias", "feedforward.bias", "tuple_conv.bias", "residual.linear.bias", "embed.bias")


def leaving_them(build: Callable[..., None]) -> Callable[..., None]:
    """Build a model whose biases that a BatchNorm follows have no gradient."""

    @wraps(build)
    def built(self: Any, *given: Any, **named: Any) -> None:
        build(self, *given, **named)
        for name, weights in self.named_parameters():
            if name.endswith(NO_EFFECT) and name != "decoder.embed.bias":
                weights.requires_grad_(False)

    return built


for model in (STTFormer, SkeletonMAE):
    model.__init__ = leaving_them(model.__init__)  # type: ignore[method-assign]

if __name__ == "__main__":
    _, program, *arguments = sys.argv
    sys.argv = [program, *arguments]
    runpy.run_path(str(Path(__file__).parents[1] / "apps" / f"{program}.py"), run_name="__main__")
