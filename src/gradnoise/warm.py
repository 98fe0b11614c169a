"""Compile every numba kernel once, so that no job of the pipeline waits for the compiler.

Run by `make install` as `python -m gradnoise.warm`; compiled code is kept beside the sources, or in the user's
cache folder where those are read-only.
"""

from gradnoise.balance import ensembles
from gradnoise.clt import value_classes
from gradnoise.clt.exact import kernels as exact
from gradnoise.gaussianity import normality
from gradnoise.gradients import contractions, directions
from gradnoise.langevin import surrogates
from gradnoise.langevin.estimation import projection_fits
from gradnoise.moments import kernels
from gradnoise.noise import gather
from gradnoise.related.studies.networks import sparse_features
from gradnoise.tails import growth
from gradnoise.tails.stable import index

KERNELS = (
    *(contractions, directions, gather, growth, normality, kernels, index),
    *(value_classes, exact, projection_fits, surrogates, ensembles),
    sparse_features,
)

if __name__ == "__main__":
    for module in KERNELS:
        module.warm()
