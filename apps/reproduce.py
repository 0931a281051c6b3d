"""Reproduce a table of the paper, or make another: run or resume its rows, and write what came of them."""

from skeleton_lab.reproduce import main

if __name__ == "__main__":
    main()
