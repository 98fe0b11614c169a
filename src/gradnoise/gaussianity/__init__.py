"""Is the noise Gaussian, coordinate by coordinate?

Tests and shapes of many series at once (`statistics`, one module each), and the stage that takes them of a
layer's noise. May import `noise.store`, `series`, `store`, `stage` and what lies below; neither torch,
scipy.stats nor pandas.
"""

from gradnoise.gaussianity.normality import describe
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.statistics.anderson_darling import AndersonDarling, anderson_darling
from gradnoise.gaussianity.statistics.classes import classify
from gradnoise.gaussianity.statistics.shapiro_wilk import ShapiroWilk, shapiro_wilk

__all__ = [
    "AndersonDarling",
    "Coordinate",
    "ShapiroWilk",
    "anderson_darling",
    "classify",
    "describe",
    "shapiro_wilk",
]
