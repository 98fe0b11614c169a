"""Training: weights over the epochs."""
