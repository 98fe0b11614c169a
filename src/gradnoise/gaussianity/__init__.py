"""Is the noise Gaussian, coordinate by coordinate?"""

from gradnoise.gaussianity.kernels import Coordinate
from gradnoise.gaussianity.normality import (
    Description,
    ShapiroWilk,
    classify,
    describe,
    shapiro_wilk,
)

__all__ = ["Coordinate", "Description", "ShapiroWilk", "classify", "describe", "shapiro_wilk"]
