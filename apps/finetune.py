"""Train a classifier, from a pre-trained encoder or from scratch, and test it once."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("finetune")
