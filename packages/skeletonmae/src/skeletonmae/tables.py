"""Parameters for the paper's Tables 2 and 3, decoder width and depth: `python -m skeletonmae.tables`."""

import argparse

import torch

from sttformer import STTFormerConfig

from .config import SkeletonMAEConfig, STTFormerDecoderConfig
from .model import SkeletonMAE

PAPER = {(128, 9): "3 M", (256, 9): "11 M", (512, 9): "33 M"}
"""Parameters that the paper's Table 2 gives, by width and depth of the decoder."""

ROWS = [*((width, 9) for width in (128, 256, 512)), *((256, depth) for depth in (1, 3, 5, 7, 9, 11))]
"""Width and depth: those of Table 2; then those of Table 3 (5 to 11), and two smaller depths of ours."""


def count(width: int, depth: int) -> tuple[int, int]:
    """Return parameters of the encoder and of a decoder, for 25 joints and tuples of 2 frames.

    Example:
        >>> count(256, 1)[0] == count(128, 9)[0]
        True
    """
    config = SkeletonMAEConfig(
        encoder=STTFormerConfig(tuple_frames=2), decoder=STTFormerDecoderConfig(width=width, depth=depth)
    )
    with torch.device("meta"):
        model = SkeletonMAE(config)
    of_all = sum(parameter.numel() for parameter in model.parameters())
    of_decoder = sum(p.numel() for name, p in model.named_parameters() if name.startswith("decoder"))
    return of_all - of_decoder, of_decoder


def table() -> str:
    """Return a Markdown table of parameters in millions, ours next to the paper's."""
    lines = ["| width | depth | encoder | decoder | both | paper |", "|---|---|---|---|---|---|"]
    for width, depth in dict.fromkeys(ROWS):
        encoder, decoder = count(width, depth)
        ours = " | ".join(f"{number / 1e6:.2f} M" for number in (encoder, decoder, encoder + decoder))
        lines.append(f"| {width} | {depth} | {ours} | {PAPER.get((width, depth), '')} |")
    return "\n".join(lines)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m skeletonmae.tables", description=__doc__).parse_args()
    print(table())
