"""Pre-train by contrast: CrosSCLR or AimCLR, with ST-GCN or STTFormer. No labels are used."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("contrast")
