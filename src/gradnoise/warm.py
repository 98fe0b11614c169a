"""Compile every numba kernel once, so that no job of the pipeline waits for the compiler.

Run by `make install` as `python -m gradnoise.warm`; compiled code is kept beside the sources, or in the user's
cache folder where those are read-only.
"""

from gradnoise import (
    contractions,
    directions,
    gather,
    growth,
    normality,
    power_kernels,
    tail_index,
    value_classes,
)
from gradnoise.langevin import projection_fits, surrogates

KERNELS = (
    *(contractions, directions, gather, growth, normality, power_kernels, tail_index),
    *(value_classes, projection_fits, surrogates),
)

if __name__ == "__main__":
    for module in KERNELS:
        module.warm()
