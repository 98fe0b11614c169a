"""The law of noise balance, and the exact stationary laws of SGD that follow from it.

`law` is what a step does to two layers that can be rescaled against each other; `diagonal` the law of a diagonal
linear network (`stationary` derives it, `grids` normalises it), `collapse` its transition at depth 1, step by step;
`ensembles` simulates them by the compiled loops of `kernels`.

Imports `draws`, `stage` and `errors`; neither torch, pandas nor `scipy.stats`.
"""

from gradnoise.balance.collapse import critical_learning_rate, growth_rate
from gradnoise.balance.diagonal import (
    critical_temperature,
    diagonal_cdf,
    diagonal_density,
    diagonal_moments,
    diagonal_quantiles,
)
from gradnoise.balance.ensembles import sample_diagonal, sample_units
from gradnoise.balance.law import (
    balance_rate,
    balanced_ratio,
    curvatures,
    imbalance,
    momenta,
    step_of_imbalance,
    step_of_momenta,
)

__all__ = [
    "balance_rate",
    "balanced_ratio",
    "critical_learning_rate",
    "critical_temperature",
    "curvatures",
    "diagonal_cdf",
    "diagonal_density",
    "diagonal_moments",
    "diagonal_quantiles",
    "growth_rate",
    "imbalance",
    "momenta",
    "sample_diagonal",
    "sample_units",
    "step_of_imbalance",
    "step_of_momenta",
]
