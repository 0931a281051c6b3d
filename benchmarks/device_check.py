"""What a GPU has to show before it is trusted: the same answers as the CPU, and how fast it gives them.

    python benchmarks/device_check.py > device.md
    python benchmarks/device_check.py --device cpu --seconds 100

It runs from the source tree with nothing installed but torch, numpy, einops and pydantic, within eight
minutes on a GPU; on a CPU in toy size. The report is Markdown, a line for each check. Answers of every
network, masks and transforms are compared with the CPU's; training is resumed, compiled, and wrapped in DDP
and FSDP; host synchronisations are counted; steps are timed against the published block written plainly
(`plain_sttformer.py`). Exit code 1: a check failed.
"""

import argparse
import platform
import sys

import torch
from device_checks.source_tree import has, use_source_tree


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", choices=["cpu", "cuda"], default=found, help=f"default here: {found}")
    parser.add_argument("--seconds", type=float, default=420, help="no check begins later (default: 420)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each way (default: 5)")
    options = parser.parse_args()
    replaced = use_source_tree()
    # After the packages can be found:
    from device_checks.equality import check_masks, check_networks, check_transforms
    from device_checks.exports import check_exports
    from device_checks.report import Report
    from device_checks.speed import check_profile, check_speed
    from device_checks.training import check_training
    from device_checks.waiting import check_waiting

    device = options.device
    describe(device, replaced)
    report = Report(options.seconds)
    report.section("Networks: outputs, gradients and BatchNorm statistics against the CPU in float64")
    with full_precision():
        check_networks(report, device)
        report.section("Masks against the CPU's")
        check_masks(report, device)
        report.section("Transforms against the CPU's")
        check_transforms(report, device)
        report.section("Training")
        check_training(report, device)
        report.section("Other libraries")
        check_exports(report, device)
    report.section("Host synchronisations of a step")
    check_waiting(report, device)
    report.section("Where the time goes")
    check_profile(report, device)
    report.section("Speed against the published block written plainly")
    check_speed(report, device, options.rounds)
    report.section(f"{report.failed} checks failed" if report.failed else "All checks passed")
    return min(report.failed, 1)


class full_precision:
    """Products and convolutions in float32 as they are called, not in TF32."""

    def __enter__(self) -> None:
        self._before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False

    def __exit__(self, *_: object) -> None:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = self._before


def describe(device: str, replaced: list[str]) -> None:
    """Print the machine, the versions, and what is missing."""
    name = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    optional = ("timm", "accelerate", "onnxruntime")
    print(f"# Device check: {name}\n")
    print(f"- torch {torch.__version__}, CUDA {torch.version.cuda}, Python {platform.python_version()}")
    print(f"- present: {', '.join(n for n in optional if has(n)) or 'nothing'} of {', '.join(optional)}")
    print(f"- replaced by stand-ins: {', '.join(replaced) or 'nothing'}")


if __name__ == "__main__":
    sys.exit(main())
