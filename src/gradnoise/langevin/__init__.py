"""SGD as Langevin dynamics: exact stationary laws (`theory`), and what recorded trajectories say (`estimation`).

`analysis` sets one against the other, subspace by subspace; `results` is the file. May import `trajectory`'s
names and store, `draws`, `store` and `stage`; neither torch nor pandas.
"""

from gradnoise.langevin.estimation.arrow import arrow_of_time
from gradnoise.langevin.estimation.autoregression import fit_autoregression
from gradnoise.langevin.estimation.currents import estimate_area_rate, estimate_entropy_production
from gradnoise.langevin.estimation.projection_fits import fit_projections
from gradnoise.langevin.theory.currents import area_rate, entropy_production_rate
from gradnoise.langevin.theory.limits import overdamped_covariance, underdamped_covariance
from gradnoise.langevin.theory.mapping import langevin_parameters, paper_parameters, temperature
from gradnoise.langevin.theory.multiplicative_noise import (
    kesten_tail_index,
    multiplicative_variance,
)
from gradnoise.langevin.theory.propositions import gibbs_conditions, isotropy_conditions
from gradnoise.langevin.theory.stationary import lag_covariances, stationary_covariance
from gradnoise.langevin.theory.without_replacement import without_replacement_variance

__all__ = [
    "area_rate",
    "arrow_of_time",
    "entropy_production_rate",
    "estimate_area_rate",
    "estimate_entropy_production",
    "fit_autoregression",
    "fit_projections",
    "gibbs_conditions",
    "isotropy_conditions",
    "kesten_tail_index",
    "lag_covariances",
    "langevin_parameters",
    "multiplicative_variance",
    "overdamped_covariance",
    "paper_parameters",
    "stationary_covariance",
    "temperature",
    "underdamped_covariance",
    "without_replacement_variance",
]
