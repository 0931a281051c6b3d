"""Pre-train SkeletonMAE: mask, rebuild, keep the encoder. No label is looked at."""

from skeleton_lab.pretrain import main

if __name__ == "__main__":
    main()
