"""What a model is worth: accuracy, probes, reconstruction errors, comparisons of runs."""
