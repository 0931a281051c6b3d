"""The command ``skeleton-data``."""
