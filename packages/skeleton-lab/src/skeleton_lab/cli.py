"""The command `skeleton-lab`: a subcommand for each app. Only the module of the subcommand is imported."""

import sys
from importlib import import_module

SUBCOMMANDS = {
    "pretrain": "Pre-train SkeletonMAE: mask joints and frames, reconstruct them and keep the encoder.",
    "contrast": "Pre-train by contrast: CrosSCLR or AimCLR.",
    "finetune": "Train a classifier, from a pre-trained encoder or from scratch, and test it.",
    "simple": "Train and test a simple baseline: nearest clip, linear layer, MLP, GRU, Rocket and more.",
    "evaluate": "Evaluate classifiers, fused or alone, or an encoder by linear probe and nearest neighbours.",
    "diagnose": "Examine what a pre-trained encoder reconstructs, and what each of its layers has learned.",
    "visualize": "Draw masks, reconstructed clips, attention, or features of clips.",
    "predict": "Recognise actions in recordings, or live.",
    "share": "Write a model into a folder with a model card, to hand on or to upload.",
    "compare": "Compare fine-tuning runs: mean and spread of their accuracy over seeds.",
    "reproduce": "Reproduce a table of the paper, or run a study of your own.",
    "demo": "Run everything on synthetic actions, from raw recordings to a table, in minutes.",
    "recipes": "List the recipes that come with the package, or print one.",
}
"""The apps, each the module `skeleton_lab.NAME` with a function `main`, and a line of help."""

USAGE = """usage: skeleton-lab SUBCOMMAND ...

{}

`skeleton-lab SUBCOMMAND --help` describes its options. For training in several processes:
accelerate launch -m skeleton_lab.SUBCOMMAND ...

Exit codes: 0 done; 1 some runs of a study failed; 2 the input cannot be used; 3 the training diverged;
74 something could not be written; 75 interrupted, and --resume goes on; 130 interrupted at once
(docs/scale-out.md has all)."""


def main() -> None:
    """Hand the command line on to the app that it names."""
    match sys.argv[1:]:
        case [name, *_] if name in SUBCOMMANDS:
            del sys.argv[1]
            run_app(name)
        case ["--version", *_]:
            from skeleton_lab._version import __version__

            print(f"skeleton-lab {__version__}")
        case ["-h" | "--help", *_]:
            print(USAGE.format("\n".join(f"  {name:10} {summary}" for name, summary in SUBCOMMANDS.items())))
        case [name, *_]:
            from skeleton_data import nearest_name

            near = nearest_name(name, SUBCOMMANDS)
            sys.exit(
                _refused(f"there is no subcommand {name!r}" + (f" (the nearest is {near})" if near else ""))
            )
        case _:
            sys.exit(_refused("a subcommand is missing"))


def run_app(name: str) -> None:
    """Import and run an app, with the options of the command line."""
    try:
        import_module(f"skeleton_lab.{name}").main()
    except KeyboardInterrupt:  # in the seconds in which it is imported; later the app itself says so
        print(f"{name}: interrupted", file=sys.stderr)
        sys.exit(130)


def _refused(complaint: str) -> int:
    print(f"skeleton-lab: error: {complaint}; choose from {', '.join(SUBCOMMANDS)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
