"""Look at what a model sees, reconstructs, attends to and separates."""

from skeleton_lab.visualize import main

if __name__ == "__main__":
    main()
