"""Compare fine-tunings: mean and spread of their accuracy over seeds, with and without pre-training."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("compare")
