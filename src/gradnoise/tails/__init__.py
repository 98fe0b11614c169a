"""Are the tails heavy, and what makes them?"""

from gradnoise.tails.pooled import pooled_mohammadi
from gradnoise.tails.stable.estimators import METHODS, TailIndex, maximum_likelihood, tail_index

__all__ = ["METHODS", "TailIndex", "maximum_likelihood", "pooled_mohammadi", "tail_index"]
