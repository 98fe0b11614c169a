"""What theory says of a recorded trajectory, from the measured Hessian and noise: no free parameter."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.langevin.theory.limits import overdamped_covariance
from gradnoise.langevin.theory.stationary import stationary_covariance
from gradnoise.langevin.theory.without_replacement import without_replacement_variance

Floats = NDArray[np.float64]


class StepRule(NamedTuple):
    """How SGD stepped, as the store's attributes say.

    Attributes:
        learning_rate: eta.
        momentum: mu.
        nesterov: whether the momentum is Nesterov's.
        weight_decay: coefficient of the L2 penalty.
        batch_size: B.
        sampling: "with_replacement" or "epoch_shuffle".
        sample_count: N.
    """

    learning_rate: float
    momentum: float
    nesterov: bool
    weight_decay: float
    batch_size: int
    sampling: str
    sample_count: int

    @property
    def order(self) -> int:
        """Of the autoregression that the positions follow on a quadratic."""
        return 1 if self.momentum == 0 else 2

    @property
    def independent(self) -> bool:
        """Whether the noise of one step says nothing of the next."""
        return self.sampling == "with_replacement"


class Snapshots(NamedTuple):
    """What was measured along a trajectory in the span of k eigenvectors, snapshot by snapshot.

    Attributes:
        hessian: float64 (snapshots, k, k), without weight decay.
        noise_covariance: float64 (snapshots, k, k), of a single sample's gradient.
        noise_third_moment: float64 (snapshots, k), likewise.
    """

    hessian: Floats
    noise_covariance: Floats
    noise_third_moment: Floats


class Quadratic(NamedTuple):
    """A loss and its noise in the span of k eigenvectors, mean over snapshots.

    Attributes:
        hessian: float64 (k, k), with weight decay.
        noise_covariance: float64 (k, k), of the mini-batch gradient.
        third_cumulant: float64 (k,), of the mini-batch gradient.
    """

    hessian: Floats
    noise_covariance: Floats
    third_cumulant: Floats


def step_rule(attributes: Mapping[str, Any]) -> StepRule:
    """The part of a store's attributes that theory needs."""
    return StepRule(**{name: attributes[name] for name in StepRule._fields})


def quadratic(
    measured: Snapshots, rule: StepRule, snapshots: Sequence[int] | None = None
) -> Quadratic:
    """Mean over snapshots of what was measured of single samples, for mini-batches.

    Args:
        measured: of single samples.
        rule: gives batch size, sampling and weight decay.
        snapshots: which of them; None for all.
    """
    chosen = list(range(len(measured.hessian)) if snapshots is None else snapshots)
    batch, count = rule.batch_size, rule.sample_count
    # A batch without replacement has the finite population's smaller variance.
    finite = 1.0 if rule.independent else (count - batch) / (count - 1)
    decay = rule.weight_decay * np.eye(measured.hessian.shape[-1])
    return Quadratic(
        measured.hessian[chosen].mean(axis=0) + decay,
        measured.noise_covariance[chosen].mean(axis=0) * finite / batch,
        measured.noise_third_moment[chosen].mean(axis=0) / batch**2,
    )


def covariance(system: Quadratic, rule: StepRule) -> Floats:
    """Exact stationary covariance (k, k) of the quadratic with this Hessian and noise; NaN where unstable.

    Without replacement only the variances are known, for plain SGD, mode by mode: mean over an epoch.
    """
    if not rule.independent:
        return np.diag(_shuffled(system, rule))
    try:
        return stationary_covariance(
            system.hessian,
            system.noise_covariance,
            rule.learning_rate,
            momentum=rule.momentum,
            nesterov=rule.nesterov,
        )
    except ValueError:
        return np.full_like(system.hessian, np.nan)


def _shuffled(system: Quadratic, rule: StepRule) -> Floats:
    curvatures, noise = np.diag(system.hessian), np.diag(system.noise_covariance)
    count, batch = rule.sample_count, rule.batch_size
    known = rule.momentum == 0
    stable = (curvatures > 0) & (rule.learning_rate * curvatures < 2)
    found = np.full(len(noise), np.nan)
    for index in np.flatnonzero(stable & known):
        single = noise[index] * batch * (count - 1) / (count - batch)
        # The theory is of whole epochs; what each permutation leaves over is dropped.
        found[index] = without_replacement_variance(
            count // batch * batch, batch, curvatures[index], rule.learning_rate, single
        ).epoch_average
    return found


def continuous_covariance(system: Quadratic, rule: StepRule) -> Floats:
    """The same of the overdamped Langevin equation, right for small steps only; NaN where not confining."""
    if np.linalg.eigvalsh(system.hessian).min() <= 0:
        return np.full_like(system.hessian, np.nan)
    return overdamped_covariance(
        system.hessian, system.noise_covariance, rule.learning_rate, rule.momentum
    )


def leaving_out(measured: Snapshots, rule: StepRule) -> list[Quadratic]:
    """The quadratic with each snapshot left out in turn; none for a single snapshot."""
    count = len(measured.hessian)
    rest = [[other for other in range(count) if other != out] for out in range(count)]
    return [quadratic(measured, rule, others) for others in rest] if count > 1 else []


def snapshot_error(left_out: Sequence[ArrayLike]) -> Floats:
    """Delete-one jackknife standard error of what is computed from all snapshots; NaN without snapshots.

    Args:
        left_out: the same, computed with each snapshot left out in turn (`leaving_out`).
    """
    values = np.asarray(left_out, np.float64)
    if not len(values):
        return np.asarray(np.nan)
    return np.asarray(np.sqrt((len(values) - 1) * values.var(axis=0)))
