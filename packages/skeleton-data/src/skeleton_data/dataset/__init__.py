"""Batches of clips for training: sampling, augmentation, order of the clips."""
