"""Mini-batch noise of every batch size: the stage, its store, and any model in hand.

May import gradients and what lies below it. `store`, `gather`, `recording` and `settings` are free of torch, and so
is this face: torch is imported inside `sample_noise`.
"""

from gradnoise.noise.sampling import sample_noise

__all__ = ["sample_noise"]
