"""Moments of the per-sample gradient."""

from gradnoise.moments.central_powers import Moments
from gradnoise.moments.per_sample import per_sample_moments

__all__ = ["Moments", "per_sample_moments"]
