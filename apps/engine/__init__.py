"""What the apps share: recipes, run folders, data, optimisation, checkpoints, metrics."""
