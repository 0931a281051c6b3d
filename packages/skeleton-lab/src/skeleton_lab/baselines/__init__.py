"""Simple classifiers of raw coordinates."""
