"""What the choice of coordinates adds to the noise of a percentage.

Coordinate c passes with probability p_c over draws of the noise. Repeats on the same C of a layer's d coordinates vary
by the mean of p_c (1 - p_c) over C; what they hide, over choices of the coordinates, is the variance of p_c over C. The
two add to p (1 - p) / C: a choice that is drawn anew each time varies by that.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def hidden(share: Array, within_: Array, coordinates: Array, size: Array) -> Array:
    """Variance over choices of coordinates that repeats do not show; all arrays alike.

    Args:
        share: passing, p, 0 to 1.
        within_: mean of p_c (1 - p_c).
        coordinates: C.
        size: d, of the layer.
    """
    between = np.maximum(0.0, share * (1 - share) - within_)
    return np.asarray(between / coordinates * (1 - coordinates / size))


def whole_layer(variance: Array, within_: Array, coordinates: Array, size: Array) -> Array:
    """Variance over repeats of the whole layer's share, from that of a sample of its coordinates, 0 or more.

    Args:
        variance: over repeats, of the sample's share.
        within_, coordinates, size: as `hidden`.
    """
    return np.maximum(0.0, variance - (1 / coordinates - 1 / size) * within_)
