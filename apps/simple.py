"""Train and test a simple baseline on joint coordinates: nearest clip, linear layer, MLP or GRU."""

from skeleton_lab.simple import main

if __name__ == "__main__":
    main()
