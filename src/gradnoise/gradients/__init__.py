"""Per-sample gradients of chosen weights and random directions: the stage, its store, and any model in hand.

May import data, model, training and what lies below them. `parameters`, `settings`, `store` and `strategy`
are free of torch, and so is this face: it is imported inside `per_sample_gradients`.
"""

from gradnoise.gradients.per_sample import per_sample_gradients

__all__ = ["per_sample_gradients"]
