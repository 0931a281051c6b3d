"""Compare fine-tunings: mean and spread of their accuracy over seeds, with and without pre-training."""

from skeleton_lab.compare import main

if __name__ == "__main__":
    main()
