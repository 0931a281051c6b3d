"""What clips go through before a model sees them; in NumPy, for recordings that lie in no store."""
