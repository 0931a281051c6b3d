"""Recognise actions in recordings, or live."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("predict")
