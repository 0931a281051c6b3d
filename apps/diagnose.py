"""Look at what a pre-trained encoder has learned, where it does not help."""

from skeleton_lab.diagnose import main

if __name__ == "__main__":
    main()
