"""Trained models on recordings and live streams."""
