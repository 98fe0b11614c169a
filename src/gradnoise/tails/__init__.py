"""Are the tails of the noise heavy, and what makes them? Indices beside their nulls, growth of moments, influence.

May import: NumPy, Numba, HDF5 and Zarr; data, draws, gradients, noise, gaussianity below it, by their torch-free
modules; neither torch, pandas nor `scipy.stats`.
"""

from gradnoise.tails.pooled import pooled_mohammadi
from gradnoise.tails.stable.density import sample_stable
from gradnoise.tails.stable.estimator import TailIndex
from gradnoise.tails.stable.estimators.ml import maximum_likelihood
from gradnoise.tails.stable.index import METHODS, tail_index

__all__ = [
    "METHODS",
    "TailIndex",
    "maximum_likelihood",
    "pooled_mohammadi",
    "sample_stable",
    "tail_index",
]
