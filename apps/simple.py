"""Train and test a simple baseline on joint coordinates: nearest clip, linear layer, MLP or GRU."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("simple")
