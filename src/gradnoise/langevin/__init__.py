"""SGD as Langevin dynamics: exact stationary laws, and what recorded trajectories say of them."""

from gradnoise.langevin.autoregression import fit_autoregression
from gradnoise.langevin.currents import area_rate, entropy_production_rate
from gradnoise.langevin.estimated_currents import (
    estimate_area_rate,
    estimate_entropy_production,
)
from gradnoise.langevin.mapping import langevin_parameters
from gradnoise.langevin.sampling import kesten_tail_index, without_replacement_variance
from gradnoise.langevin.stationary import stationary_covariance

__all__ = [
    "area_rate",
    "entropy_production_rate",
    "estimate_area_rate",
    "estimate_entropy_production",
    "fit_autoregression",
    "kesten_tail_index",
    "langevin_parameters",
    "stationary_covariance",
    "without_replacement_variance",
]
