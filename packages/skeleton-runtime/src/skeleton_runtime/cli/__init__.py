"""The command `skeleton-predict`."""
