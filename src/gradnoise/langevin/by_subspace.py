"""What a trajectory says of a subspace as a whole: scaling laws, currents, diffusion, flatness."""

from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.langevin import predictions
from gradnoise.langevin.by_direction import Columns, eigenvectors, system
from gradnoise.langevin.estimation.currents import estimate_area_rate, estimate_entropy_production
from gradnoise.langevin.estimation.flatness import flatness_exponent, flatness_width
from gradnoise.langevin.estimation.power_law import power_law
from gradnoise.langevin.estimation.relaxation import (
    diffusion_exponent,
    mean_squared_displacement,
    random_walk_spectrum,
)
from gradnoise.langevin.estimation.vector_autoregression import (
    VectorAutoregressionFit,
    fit_vector_autoregression,
)
from gradnoise.langevin.predictions import Quadratic, StepRule
from gradnoise.langevin.surrogates import entropy_production_null
from gradnoise.langevin.theory.currents import area_rate, entropy_production_rate
from gradnoise.langevin.theory.propositions import isotropy_conditions
from gradnoise.langevin.theory.stationary import stability_limit
from gradnoise.trajectory.store import SLICE_WIDTH, Recorded

Numbers = dict[str, float]


FLATNESS = "flatness_exponent", "flatness_exponent_error", "first_share", "random_walk_share"


DIFFUSION = "diffusion_exponent", "diffusion_exponent_error", "last_diffusion_exponent"


class Currents(NamedTuple):
    """Area rates among the eigenvectors, float64 (k, k) each; NaN where theory has none."""

    measured: NDArray[np.float64]
    error: NDArray[np.float64]
    predicted: NDArray[np.float64]


def summarise(
    recorded: Recorded,
    rows: Columns,
    joint: VectorAutoregressionFit | None,
    seed: int,
    name: str,
) -> tuple[Numbers, Currents]:
    """Numbers of one subspace, and its area rates.

    Args:
        recorded: the subspace.
        rows: of `by_direction.describe`.
        joint: of `fit_jointly`: the Hessian that it finds has to be symmetric, as a gradient's is.
        seed: of the surrogates.
        name: of the subspace.
    """
    rule = predictions.step_rule(recorded.attributes)
    known = system(recorded, rule)
    currents, numbers = _currents(recorded, known, rule, seed, name)
    return {
        **_conditions(known, rule),
        **_exponents(recorded, rows),
        **numbers,
        **_diffusion(recorded),
        **_flatness(recorded),
        "vector_asymmetry": joint.asymmetry if joint else np.nan,
        "vector_asymmetry_pvalue": joint.asymmetry_pvalue if joint else np.nan,
        "peak_distance": _peak_distance(recorded),
        "batch_sharpness": float(recorded.batch_sharpness.mean()),
        "batch_sharpness_error": float(
            recorded.batch_sharpness.std() / np.sqrt(recorded.batch_sharpness.size)
        ),
        "stability_limit": stability_limit(rule.momentum, rule.nesterov) / rule.learning_rate,
    }, currents


def _conditions(known: Quadratic, rule: StepRule) -> Numbers:
    """How far Propositions 1 and 2 are from holding."""
    found = isotropy_conditions(
        known.hessian, known.noise_covariance, rule.learning_rate, rule.momentum
    )
    return {
        "commutator": found.commutator,
        "isotropy_ratio": found.isotropy_ratio,
        "largest_step": found.largest_step,
    }


def _exponents(recorded: Recorded, rows: Columns) -> Numbers:
    """gamma of C ~ H^gamma, and the exponents of the measured and predicted variance."""
    chosen = eigenvectors(recorded)
    columns = {name: np.asarray(rows[name], np.float64)[chosen] for name in (
        "curvature", "noise_variance", "variance", "variance_error", "predicted_variance"
    )}  # fmt: skip
    usable = np.all([np.isfinite(each) & (each > 0) for each in columns.values()], axis=0)
    columns = {name: each[usable] for name, each in columns.items()}
    found: Numbers = {}
    for name, values, error in (
        ("noise_exponent", "noise_variance", None),
        ("variance_exponent", "variance", columns["variance_error"]),
        ("predicted_variance_exponent", "predicted_variance", None),
    ):
        law = (
            power_law(columns["curvature"], columns[values], y_error=error)
            if usable.sum() >= 3
            else None
        )
        found[name] = law.exponent if law else np.nan
        found[f"{name}_error"] = law.exponent_error if law else np.nan
    return found


def _currents(
    recorded: Recorded, known: Quadratic, rule: StepRule, seed: int, name: str
) -> tuple[Currents, Numbers]:
    """Area rates and entropy production, measured, exact, and of commuting surrogates."""
    positions = recorded.position[..., eigenvectors(recorded)]
    nothing = np.full((positions.shape[-1],) * 2, np.nan)
    area, area_error, production, error = nothing, nothing, np.nan, np.nan
    with suppress(ValueError):  # a direction along which nothing moves
        area, area_error = estimate_area_rate(positions)
        production, error = estimate_entropy_production(positions, order=rule.order)
    predicted, rate, null = nothing, np.nan, np.nan
    exact = np.isfinite(predictions.covariance(known, rule)).all()
    if exact and rule.independent and not rule.nesterov:
        arguments = known.hessian, known.noise_covariance, rule.learning_rate, rule.momentum
        predicted = area_rate(*arguments)
        with suppress(ValueError):  # noise that leaves out a direction
            rate = entropy_production_rate(*arguments)
            curvatures, noise = np.diag(known.hessian), np.diag(known.noise_covariance)
            shape = positions.shape[0], positions.shape[1]
            surrogates = entropy_production_null(curvatures, noise, rule, shape, seed, name)
            null = float(np.quantile(surrogates, 0.95))
    numbers = {
        "entropy_production": float(production),
        "entropy_production_error": float(error),
        "predicted_entropy_production": float(rate),
        "null_entropy_production": float(null),
    }
    return Currents(area, area_error, predicted), numbers


def _diffusion(recorded: Recorded) -> Numbers:
    """Exponent of the mean squared displacement from the first recorded step, over all parameters' directions."""
    steps = recorded.position.shape[1]
    lags = np.unique(np.geomspace(1, steps // 10, 20).astype(int))
    displaced = mean_squared_displacement(recorded.position, lags, average_origins=True)
    if not (displaced.value > 0).all():
        return dict.fromkeys(DIFFUSION, np.nan)
    slope = diffusion_exponent(lags, displaced.per_replica)
    return {
        "diffusion_exponent": slope.overall,
        "diffusion_exponent_error": slope.overall_error,
        "last_diffusion_exponent": float(slope.local[-3:].mean()),
    }


def _flatness(recorded: Recorded) -> Numbers:
    """Exponent of variance ~ flatness^-psi over principal directions, and what a random walk would show."""
    if "basin_variance" not in recorded.slices:
        return dict.fromkeys(FLATNESS, np.nan)
    variance = recorded.slices["basin_variance"]
    lines = zip(recorded.slices["basin_distance"], recorded.slices["basin_loss"], strict=True)
    widths = np.array([flatness_width(*line) for line in lines])
    usable = np.isfinite(widths) & (widths > 0) & (variance > 0)
    enough = usable.sum() >= 3
    spectrum = random_walk_spectrum(len(variance))
    exponent, error = (
        flatness_exponent(widths[usable], variance[usable]) if enough else (np.nan, np.nan)
    )
    return {
        "flatness_exponent": exponent,
        "flatness_exponent_error": error,
        "first_share": float(variance[0] / variance.sum()),
        "random_walk_share": float(spectrum[0] / spectrum.sum()),
    }


def fit_jointly(recorded: Recorded) -> VectorAutoregressionFit | None:
    """Vector autoregression of all eigenvectors together; None where something does not move."""
    rule = predictions.step_rule(recorded.attributes)
    try:
        return fit_vector_autoregression(
            recorded.position[..., eigenvectors(recorded)], rule.order, rule.learning_rate
        )
    except ValueError:
        return None


def _peak_distance(recorded: Recorded) -> float:
    """Largest distance of the loss's minimum from the mean position along an eigenvector, standard deviations."""
    if "slice_loss" not in recorded.slices:
        return np.nan
    found = []
    for distance, loss in zip(
        recorded.slices["slice_distance"], recorded.slices["slice_loss"], strict=True
    ):
        # A parabola through the inner half: further out the loss need not be one.
        scaled = distance / distance[-1]
        near = np.abs(scaled) <= 0.5
        curvature, slope, _ = np.polyfit(scaled[near], loss[near], 2)
        minimum = -slope / (2 * curvature) if curvature > 0 else np.inf
        found.append(abs(minimum) * SLICE_WIDTH)
    return float(max(found))
