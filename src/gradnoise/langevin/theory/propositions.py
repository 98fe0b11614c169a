"""Propositions 1 and 2 of Wu et al. (arXiv:2109.09833), as statements that say how far they are from holding."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gradnoise.langevin.theory.stationary import diagonalise, stability_limit


class Conditions(NamedTuple):
    """What the propositions rest on, for one quadratic.

    Attributes:
        commutator: |C H - H C| / (|C| |H|) in Frobenius norms, 0 to sqrt 2.
        isotropy_ratio: largest over smallest eigenvalue of C; 1 for isotropic noise.
        proportionality_error: |C - s H| / |C| for the best s >= 0.
        largest_step: largest eta h.
        holds: whether the proposition's conclusion follows within the tolerance.
        reason: what is missing, empty where it holds.
    """

    commutator: float
    isotropy_ratio: float
    proportionality_error: float
    largest_step: float
    holds: bool
    reason: str


def gibbs_conditions(
    hessian: ArrayLike,
    noise_covariance: ArrayLike,
    learning_rate: float,
    momentum: float = 0.0,
    tolerance: float = 0.01,
) -> Conditions:
    """Proposition 1: is the stationary law exp(-U / T)? Only for isotropic noise, and small steps.

    `holds` says that the law is Gibbs. Where it is not, detailed balance may still hold: it does (for Gaussian
    noise) exactly where noise and Hessian commute, with a temperature for every mode; the published proof, which
    takes every current for irreversible, is corrected here.

    Args:
        hessian: scalar or (d, d).
        noise_covariance: scalar or (d, d), of the mini-batch gradient; constant.
        learning_rate: eta.
        momentum: mu.
        tolerance: relative, of the isotropy ratio and of the error of small steps, eta h / (2 (1 + mu)).

    Raises:
        ValueError: for malformed matrices.

    >>> gibbs_conditions([[1.0, 0.0], [0.0, 0.2]], [[2.0, 0.0], [0.0, 1.0]], learning_rate=0.001).reason
    'noise is not isotropic (ratio 2)'
    """
    found = _measure(hessian, noise_covariance, learning_rate)
    missing = []
    if found["isotropy_ratio"] > 1 + tolerance:
        missing.append(f"noise is not isotropic (ratio {found['isotropy_ratio']:.3g})")
    missing += _small(found["largest_step"], momentum, tolerance)
    return Conditions(**found, holds=not missing, reason="; ".join(missing))


def isotropy_conditions(
    hessian: ArrayLike,
    noise_covariance: ArrayLike,
    learning_rate: float,
    momentum: float = 0.0,
    tolerance: float = 0.01,
) -> Conditions:
    """Proposition 2: is the local law isotropic? Only for noise proportional to the Hessian, and small steps.

    Args:
        hessian, noise_covariance, learning_rate, momentum, tolerance: as in `gibbs_conditions`.

    Raises:
        ValueError: for malformed matrices.

    >>> isotropy_conditions([[1.0, 0.0], [0.0, 0.2]], [[5.0, 0.0], [0.0, 1.0]], learning_rate=0.001).holds
    True
    """
    found = _measure(hessian, noise_covariance, learning_rate)
    missing = []
    if found["proportionality_error"] > tolerance:
        missing.append(
            f"noise is not proportional to the Hessian (off by {found['proportionality_error']:.3g})"
        )
    missing += _small(found["largest_step"], momentum, tolerance)
    return Conditions(**found, holds=not missing, reason="; ".join(missing))


def _small(largest_step: float, momentum: float, tolerance: float) -> list[str]:
    error = largest_step / stability_limit(momentum)
    return [] if error <= tolerance else [f"steps are not small (largest eta h {largest_step:.3g})"]


def _measure(
    hessian: ArrayLike, noise_covariance: ArrayLike, learning_rate: float
) -> dict[str, float]:
    system = diagonalise(hessian, noise_covariance)
    curvature, noise = np.diag(system.curvatures), system.noise
    sizes = float(np.linalg.norm(curvature)), float(np.linalg.norm(noise))
    spread = np.linalg.eigvalsh(noise)
    overlap = float(np.sum(curvature * noise))
    scale = max(0.0, overlap / sizes[0] ** 2) if sizes[0] else 0.0
    norm = sizes[0] * sizes[1]
    bracket = float(np.linalg.norm(noise @ curvature - curvature @ noise))
    return {
        "commutator": bracket / norm if norm else 0.0,
        "isotropy_ratio": float(spread[-1] / spread[0]) if spread[0] > 0 else np.inf,
        "proportionality_error": float(np.linalg.norm(noise - scale * curvature) / sizes[1])
        if sizes[1]
        else 0.0,
        "largest_step": float(learning_rate * system.curvatures.max()),
    }
