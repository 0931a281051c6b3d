"""Networks as files: their configs, weights, cards, and what a saved model carries."""
