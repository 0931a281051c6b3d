"""Contrastive pre-training: momentum contrast, CrosSCLR and AimCLR around any encoder."""
