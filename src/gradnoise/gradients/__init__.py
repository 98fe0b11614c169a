"""Per-sample gradients of chosen weights and random directions."""
