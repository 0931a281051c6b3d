"""Evaluate a fine-tuned model, a pre-trained encoder, or several streams fused."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("evaluate")
