"""What the langevin stage reads."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How one trajectory in one subspace is compared with Langevin dynamics.

    Attributes:
        subspace: a measured parameter's name, or `trajectory.names.MODEL`.
        seed: of the surrogates' noise.
        lags: steps up to which autocorrelations and displacements are kept.
        surrogates: trajectories of which time could run backward, for the null of the entropy production.
        residual_lags: autocorrelations summed by the Ljung-Box test of a fit's residuals.
    """

    subspace: str
    seed: int
    lags: int
    residual_lags: int
    surrogates: int
