"""Which coordinates a number is about."""

from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Coordinate(IntEnum):
    """What a coordinate's samples look like; the first of DIRAC, SPARSE, QUANTISED that applies."""

    LIVE = 0  #: none of the others
    DIRAC = 1  #: zero range: every sample is the same
    SPARSE = 2  #: one value fills half of the samples or more
    QUANTISED = 3  #: fewer distinct values than a quarter of the samples


class Population(StrEnum):
    """Coordinates of a layer that are counted, and by which the layer is weighted in its network."""

    ALL = "all"
    TESTABLE = "testable"  #: not DIRAC
    LIVE = "live"  #: no spike or lattice dominates their spread
    DIRECTIONS = (
        "directions"  #: testable random directions, which belong to a layer: a network has none
    )

    def members(self, classes: NDArray[np.uint8]) -> NDArray[Any]:
        """Mask of the coordinates (of the directions) that belong to it, by their classes."""
        if self is Population.ALL:
            return np.ones(classes.shape, bool)
        if self is Population.LIVE:
            return classes == Coordinate.LIVE
        return classes != Coordinate.DIRAC
