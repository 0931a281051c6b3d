"""See self-supervised pre-training pay off, from raw recordings to a table, in minutes on a laptop."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("demo")
