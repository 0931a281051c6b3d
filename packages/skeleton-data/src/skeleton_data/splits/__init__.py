"""Which clips train, validate and test: protocols, split files, subsets of labels."""
