"""What theory says of a recorded trajectory, from the measured Hessian and noise: no free parameter."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.langevin.theory.stationary import overdamped_covariance, stationary_covariance
from gradnoise.langevin.theory.without_replacement import without_replacement_variance

Floats = NDArray[np.float64]


class Measured(NamedTuple):
    """A loss and its noise in the span of k eigenvectors, mean over snapshots.

    Attributes:
        hessian: float64 (k, k), with weight decay.
        noise_covariance: float64 (k, k), of the mini-batch gradient.
        third_cumulant: float64 (k,), of the mini-batch gradient.
    """

    hessian: Floats
    noise_covariance: Floats
    third_cumulant: Floats


class Dynamics(NamedTuple):
    """How SGD stepped, as the store's attributes say.

    Attributes:
        learning_rate: eta.
        momentum: mu.
        nesterov: whether the momentum is Nesterov's.
        batch_size: B.
        sampling: "with_replacement" or "epoch_shuffle".
        sample_count: N.
    """

    learning_rate: float
    momentum: float
    nesterov: bool
    batch_size: int
    sampling: str
    sample_count: int


def dynamics_of(attributes: Mapping[str, Any]) -> Dynamics:
    """The part of a store's attributes that theory needs."""
    return Dynamics(**{name: attributes[name] for name in Dynamics._fields})


def measured(
    hessians: Floats,
    noise_covariances: Floats,
    third_moments: Floats,
    weight_decay: float,
    dynamics: Dynamics,
    snapshots: Sequence[int] | None = None,
) -> Measured:
    """Mean over snapshots of what was measured of single samples, for mini-batches.

    Args:
        hessians: (snapshots, k, k), without weight decay.
        noise_covariances: (snapshots, k, k), of a single sample's gradient.
        third_moments: (snapshots, k), likewise.
        weight_decay: coefficient of the L2 penalty.
        dynamics: gives batch size and sampling.
        snapshots: which of them; None for all.
    """
    chosen = list(range(len(hessians)) if snapshots is None else snapshots)
    batch, count = dynamics.batch_size, dynamics.sample_count
    # A batch without replacement has the finite population's smaller variance.
    finite = 1.0 if dynamics.sampling == "with_replacement" else (count - batch) / (count - 1)
    decay = weight_decay * np.eye(hessians.shape[-1])
    return Measured(
        hessians[chosen].mean(axis=0) + decay,
        noise_covariances[chosen].mean(axis=0) * finite / batch,
        third_moments[chosen].mean(axis=0) / batch**2,
    )


def covariance(system: Measured, dynamics: Dynamics) -> Floats:
    """Exact stationary covariance (k, k) of the quadratic with this Hessian and noise; NaN where unstable.

    Without replacement only the variances are known, for plain SGD, mode by mode: mean over an epoch.
    """
    size = len(system.hessian)
    if dynamics.sampling == "epoch_shuffle":
        return np.diag(_shuffled(system, dynamics))
    try:
        return stationary_covariance(
            system.hessian,
            system.noise_covariance,
            dynamics.learning_rate,
            momentum=dynamics.momentum,
            nesterov=dynamics.nesterov,
        )
    except ValueError:
        return np.full((size, size), np.nan)


def _shuffled(system: Measured, dynamics: Dynamics) -> Floats:
    curvatures, noise = np.diag(system.hessian), np.diag(system.noise_covariance)
    count, batch = dynamics.sample_count, dynamics.batch_size
    known = dynamics.momentum == 0
    stable = (curvatures > 0) & (dynamics.learning_rate * curvatures < 2)
    found = np.full(len(noise), np.nan)
    for index in np.flatnonzero(stable & known):
        single = noise[index] * batch * (count - 1) / (count - batch)
        # The theory is of whole epochs; what each permutation leaves over is dropped.
        found[index] = without_replacement_variance(
            count // batch * batch, batch, curvatures[index], dynamics.learning_rate, single
        ).epoch_average
    return found


def continuous_covariance(system: Measured, dynamics: Dynamics) -> Floats:
    """The same of the overdamped Langevin equation, right for small steps only; NaN where not confining."""
    if np.linalg.eigvalsh(system.hessian).min() <= 0:
        return np.full_like(system.hessian, np.nan)
    return overdamped_covariance(
        system.hessian, system.noise_covariance, dynamics.learning_rate, dynamics.momentum
    )


def snapshot_error(
    hessians: Floats,
    noise_covariances: Floats,
    third_moments: Floats,
    weight_decay: float,
    dynamics: Dynamics,
) -> Floats:
    """Jackknife standard error (k,) over snapshots of the predicted variances; NaN for a single one."""
    count = len(hessians)
    if count < 2:
        return np.full(hessians.shape[-1], np.nan)
    arrays = hessians, noise_covariances, third_moments
    left_out = np.array(
        [
            np.diag(
                covariance(
                    measured(
                        *arrays, weight_decay, dynamics, [s for s in range(count) if s != out]
                    ),
                    dynamics,
                )
            )
            for out in range(count)
        ]
    )
    error: Floats = np.sqrt((count - 1) * left_out.var(axis=0))
    return error
