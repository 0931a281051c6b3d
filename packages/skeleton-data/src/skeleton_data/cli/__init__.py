"""The command `skeleton-data`."""
