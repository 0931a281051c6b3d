"""Look at what a model sees, reconstructs, attends to and separates."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("visualize")
