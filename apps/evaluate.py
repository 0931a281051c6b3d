"""Evaluate a fine-tuned model, a pre-trained encoder, or several streams fused."""

from skeleton_lab.evaluate import main

if __name__ == "__main__":
    main()
