"""How fast the noise becomes Gaussian with the batch size."""

from gradnoise.clt.berry_esseen import berry_esseen_bound
from gradnoise.clt.exact.distance import exact_ks
from gradnoise.clt.pass_rate import predicted_pass_rate

__all__ = ["berry_esseen_bound", "exact_ks", "predicted_pass_rate"]
