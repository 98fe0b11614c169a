"""SGD as Langevin dynamics: exact stationary laws, and what recorded trajectories say of them."""

from gradnoise.langevin.estimation.autoregression import fit_autoregression
from gradnoise.langevin.estimation.currents import estimate_area_rate, estimate_entropy_production
from gradnoise.langevin.theory.currents import area_rate, entropy_production_rate
from gradnoise.langevin.theory.mapping import langevin_parameters
from gradnoise.langevin.theory.multiplicative_noise import kesten_tail_index
from gradnoise.langevin.theory.stationary import stationary_covariance
from gradnoise.langevin.theory.without_replacement import without_replacement_variance

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
