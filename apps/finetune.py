"""Train a classifier, from a pre-trained encoder or from scratch, and test it once."""

from skeleton_lab.finetune import main

if __name__ == "__main__":
    main()
