"""Moments of the per-sample gradient: the stage, its store, and any model in hand.

May import gradients and what lies below it. `store`, `central_powers` and `kernels` are free of torch, and so is
this face: torch is imported inside `per_sample_moments`.
"""

from gradnoise.moments.central_powers import Moments
from gradnoise.moments.per_sample import per_sample_moments

__all__ = ["Moments", "per_sample_moments"]
