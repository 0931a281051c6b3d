"""Look at what a model sees, rebuilds, attends to and tells apart."""

from skeleton_lab.visualize import main

if __name__ == "__main__":
    main()
