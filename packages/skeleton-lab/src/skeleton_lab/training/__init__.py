"""Training under Accelerate: the plan, the optimizer step, checkpoints, metrics."""
