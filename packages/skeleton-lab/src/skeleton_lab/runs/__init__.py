"""Runs on disk: their folders, what they ended with, and worker processes that share them."""
