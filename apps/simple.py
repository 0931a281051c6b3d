"""What little does: nearest clip, linear layer, MLP or GRU on the joints, tested like a fine-tuning."""

from skeleton_lab.simple import main

if __name__ == "__main__":
    main()
