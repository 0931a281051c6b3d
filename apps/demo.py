"""See self-supervised pre-training pay off, from raw recordings to a table, in minutes on a laptop."""

from skeleton_lab.demo import main

if __name__ == "__main__":
    main()
