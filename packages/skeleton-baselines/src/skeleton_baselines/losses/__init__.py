"""Losses of the contrastive baselines, as functions of features."""
