"""Pre-train by contrast: CrosSCLR or AimCLR, with ST-GCN or STTFormer. No labels are used."""

from skeleton_lab.contrast import main

if __name__ == "__main__":
    main()
