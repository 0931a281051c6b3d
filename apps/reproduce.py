"""Reproduce a table of the paper, or make another: run or resume its rows, and write what came of them."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("reproduce")
