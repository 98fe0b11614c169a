"""Does time run one way? Currents, entropy production and the arrow of time, beside exact ones and a null."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.langevin import predictions
from gradnoise.langevin.estimation.arrow import ArrowOfTime, arrow_of_time
from gradnoise.langevin.estimation.currents import (
    entropy_production,
    estimate_area_rate,
    estimate_entropy_production,
)
from gradnoise.langevin.predictions import Quadratic, Snapshots, StepRule
from gradnoise.langevin.settings import Settings
from gradnoise.langevin.surrogates import surrogates
from gradnoise.langevin.theory.currents import area_rate, entropy_production_rate
from gradnoise.langevin.theory.stationary import lag_covariances, require_full_noise

Floats = NDArray[np.float64]
Numbers = dict[str, float]

NULL = 0.95  # quantile of the surrogates' entropy production that is kept

NUMBERS = (
    *("entropy_production", "entropy_production_error"),
    *("predicted_entropy_production", "predicted_entropy_production_error"),
    *("null_entropy_production", "arrow_log_odds", "arrow_log_odds_error", "arrow_score"),
    *("arrow_expected", "arrow_amplitude", "arrow_amplitude_error", "control_arrow_score"),
)


class Currents(NamedTuple):
    """Area rates among the eigenvectors, float64 (k, k) each; NaN where there is none."""

    measured: Floats
    error: Floats
    predicted: Floats
    predicted_error: Floats


def irreversibility(
    positions: NDArray[np.float32], measured: Snapshots, rule: StepRule, settings: Settings
) -> tuple[Currents, Numbers]:
    """Area rates of one subspace, and NUMBERS; NaN for what cannot be measured or predicted.

    Args:
        positions: (replicas, steps, k), along the eigenvectors.
        measured: Hessian and noise there.
        rule: how SGD stepped.
        settings: how many surrogates, and what keys their random stream.
    """
    numbers = dict.fromkeys(NUMBERS, np.nan)
    nothing = np.full((positions.shape[-1],) * 2, np.nan)
    try:
        area, area_error = estimate_area_rate(positions)
        production = estimate_entropy_production(positions, rule.order)
    except ValueError:  # a direction along which nothing moves
        return Currents(nothing, nothing, nothing, nothing), numbers
    numbers |= {
        "entropy_production": production.value,
        "entropy_production_error": production.standard_error,
    }
    known = predictions.quadratic(measured, rule)
    left_out = predictions.leaving_out(measured, rule)
    if not all(_predictable(system, rule) for system in (known, *left_out)):
        return Currents(area, area_error, nothing, nothing), numbers
    rates = [entropy_production_rate(*_arguments(each, rule)) for each in left_out]
    areas = [area_rate(*_arguments(each, rule)) for each in left_out]
    arrow = arrow_of_time(positions, *_laws(known, left_out, rule))
    null, control = _reversible(known, left_out, rule, positions.shape[:2], settings)
    numbers |= {
        "predicted_entropy_production": entropy_production_rate(*_arguments(known, rule)),
        "predicted_entropy_production_error": float(predictions.snapshot_error(rates)),
        "null_entropy_production": float(np.quantile(null, NULL)),
        "arrow_log_odds": arrow.log_odds,
        "arrow_log_odds_error": arrow.standard_error,
        "arrow_score": arrow.score,
        "arrow_expected": arrow.expected,
        "arrow_amplitude": arrow.amplitude,
        # A single snapshot leaves the error of the prediction unknown.
        "arrow_amplitude_error": arrow.amplitude_error if left_out else np.nan,
        "control_arrow_score": control.score,
    }
    area_spread = predictions.snapshot_error(areas) if areas else nothing
    return Currents(area, area_error, area_rate(*_arguments(known, rule)), area_spread), numbers


def _arguments(known: Quadratic, rule: StepRule) -> tuple[Floats, Floats, float, float]:
    return known.hessian, known.noise_covariance, rule.learning_rate, rule.momentum


def _predictable(known: Quadratic, rule: StepRule) -> bool:
    """Whether theory has currents: independent batches, SGD or heavy ball, stable, noise in every direction."""
    if not rule.independent or rule.nesterov:
        return False
    try:
        require_full_noise(known.noise_covariance)
    except ValueError:
        return False
    return bool(np.isfinite(predictions.covariance(known, rule)).all())


def _laws(
    known: Quadratic, left_out: list[Quadratic], rule: StepRule
) -> tuple[Floats, Floats | None]:
    """Predicted covariances of successive positions, and the same with each snapshot left out."""
    points = rule.order + 1
    every = [lag_covariances(*_arguments(each, rule), points) for each in (known, *left_out)]
    return every[0], np.array(every[1:]) if left_out else None


def _reversible(
    known: Quadratic,
    left_out: list[Quadratic],
    rule: StepRule,
    shape: tuple[int, ...],
    settings: Settings,
) -> tuple[list[float], ArrowOfTime]:
    """Entropy production of surrogates whose noise and Hessian commute, and the arrow of time of one of them."""
    replicas, steps = shape
    diagonal = np.diag(known.hessian), np.diag(known.noise_covariance)
    made = surrogates(
        *diagonal, rule, (replicas, steps), settings.surrogates, settings.seed, settings.subspace
    )
    control = next(made).copy()
    null = [
        entropy_production(each - each.mean((0, 1)), rule.order) for each in _all(control, made)
    ]
    return null, arrow_of_time(control, *_laws(known, left_out, rule))


def _all(first: Floats, others: Iterator[Floats]) -> Iterator[Floats]:
    yield first
    yield from others
