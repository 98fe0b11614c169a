"""How fast the noise becomes Gaussian with the batch size: bounded, exact, and foretold.

`berry_esseen` bounds the distance to the Gaussian, `exact` computes it, `gaussian_batch_size` says where it is
small, `noise_scale` where noise and signal are equal; `pass_rate` foretells the Shapiro-Wilk test from per-sample
cumulants, `prediction` puts that to held-out samples, `reliability` and `summary` are the rows.

Imports the gaussianity, noise and gradients stages' modules, `draws`, `series` and `store`; neither torch nor pandas.
"""

from gradnoise.clt.berry_esseen import berry_esseen_bound
from gradnoise.clt.exact.distance import exact_ks
from gradnoise.clt.pass_rate import predicted_pass_rate

__all__ = ["berry_esseen_bound", "exact_ks", "predicted_pass_rate"]
