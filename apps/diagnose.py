"""Look at what a pre-trained encoder has learned, where it does not help."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("diagnose")
