"""Pre-train SkeletonMAE: mask, reconstruct, keep the encoder. No labels are used."""

from skeleton_lab.pretrain import main

if __name__ == "__main__":
    main()
