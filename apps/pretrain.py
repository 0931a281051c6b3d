"""Pre-train SkeletonMAE: mask, reconstruct, keep the encoder. No labels are used."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("pretrain")
