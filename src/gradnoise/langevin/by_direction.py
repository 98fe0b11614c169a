"""What a trajectory says of each recorded direction, beside what theory says of it."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.langevin import predictions
from gradnoise.langevin.estimation.boltzmann import compare_boltzmann
from gradnoise.langevin.estimation.currents import estimate_third_order_asymmetry
from gradnoise.langevin.estimation.projection_fits import ProjectionFits, fit_projections
from gradnoise.langevin.estimation.stationarity import LEVEL
from gradnoise.langevin.estimation.underdamped import underdamped_parameters
from gradnoise.langevin.predictions import Quadratic, Snapshots, StepRule
from gradnoise.langevin.temperatures import mode_temperatures
from gradnoise.langevin.theory.currents import third_order_asymmetry
from gradnoise.langevin.theory.mapping import langevin_parameters, temperature
from gradnoise.langevin.theory.relaxation import autocorrelation_time, oscillation
from gradnoise.langevin.theory.stationary import velocity_covariance
from gradnoise.langevin.variables import TABLE, TABLES
from gradnoise.trajectory.names import EIGENVECTOR
from gradnoise.trajectory.store import SLICE_WIDTH, Recorded

Floats = NDArray[np.float64]
Columns = dict[str, NDArray[np.generic]]


def describe(recorded: Recorded, residual_lags: int) -> Columns:
    """One row per direction, as columns of equal length k.

    A direction whose replicas, or first and last thirds, differ in mean or variance is marked as not
    stationary, and so is one that is too short to tell: its fits stand in the row, and nothing may be concluded
    from them.

    Args:
        recorded: one subspace.
        residual_lags: of the Ljung-Box test.
    """
    rule = predictions.step_rule(recorded.attributes)
    fits = fit_projections(recorded.position, rule.learning_rate, residual_lags)
    predicted = _predicted(recorded, rule)
    columns = {
        "direction": np.arange(len(recorded.kind)),
        "kind": recorded.kind.astype("S16"),
        "eigenvalue": recorded.eigenvalue,
        **_moments(recorded, fits),
        **predicted,
        **_temperatures(recorded, rule, predicted),
        **_fitted(fits, rule),
        **_convergence(fits),
        **_asymmetry(recorded),
        **_slices(recorded, fits),
    }
    return {column.name: columns[column.name] for column in TABLES[TABLE]}


def eigenvectors(recorded: Recorded) -> NDArray[np.intp]:
    """Positions of the eigenvectors, whose span is invariant: where theory can predict."""
    return np.flatnonzero(recorded.kind == EIGENVECTOR)


def snapshots(recorded: Recorded) -> Snapshots:
    """What was measured along the trajectory in the span of the eigenvectors."""
    chosen = eigenvectors(recorded)
    return Snapshots(
        recorded.hessian[:, chosen][:, :, chosen],
        recorded.noise_covariance[:, chosen][:, :, chosen],
        recorded.noise_third_moment[:, chosen],
    )


def _moments(recorded: Recorded, fits: ProjectionFits) -> Columns:
    """Measured moments, in the parameter's units."""
    position = recorded.position.astype(np.float64)
    position -= position.mean(axis=(0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        kurtosis = (position**4).mean(axis=(0, 1)) / fits.variance**2
    return {
        "mean": recorded.position.mean(axis=(0, 1), dtype=np.float64),
        "variance": fits.variance,
        "variance_error": fits.variance * fits.variance_error,
        "kurtosis": kurtosis,
        "velocity_variance": recorded.velocity.astype(np.float64).var(axis=(0, 1)),
    }


def _predicted(recorded: Recorded, rule: StepRule) -> Columns:
    """Theory, NaN for directions that are no eigenvectors."""
    measured = snapshots(recorded)
    known = predictions.quadratic(measured, rule)
    left_out = [_laws(each, rule) for each in predictions.leaving_out(measured, rule)]
    laws = _laws(known, rule)
    errors = {
        f"{name}_error": np.broadcast_to(
            predictions.snapshot_error([each[name] for each in left_out]), values.shape
        )
        for name, values in laws.items()
    }
    curvature = laws["curvature"]
    rate, momentum = rule.learning_rate, rule.momentum
    stable = bool(np.isfinite(laws["predicted_variance"]).all()) and rule.independent
    velocity = np.full(len(curvature), np.nan)
    if stable and not rule.nesterov:
        velocity = np.diag(
            velocity_covariance(known.hessian, known.noise_covariance, rate, momentum)
        )
    values = {
        **laws,
        **errors,
        "predicted_velocity_variance": velocity,
        "predicted_temperature": temperature(laws["noise_variance"], rate, momentum),
        "predicted_autocorrelation_time": _each(
            lambda h: autocorrelation_time(h, rate, momentum), curvature, stable
        ),
        "predicted_frequency": _each(
            lambda h: oscillation(h, rate, momentum).frequency, curvature, stable
        ),
        "predicted_asymmetry": _each(
            lambda pair: third_order_asymmetry(pair[0], rate, -(rate**3) * pair[1]),
            list(zip(curvature, known.third_cumulant, strict=True)),
            stable and momentum == 0,
        ),
    }
    return {name: _spread(recorded, each) for name, each in values.items()}


def _laws(known: Quadratic, rule: StepRule) -> dict[str, Floats]:
    """What is predicted of each eigenvector and has an error from snapshots."""
    return {
        "curvature": np.diag(known.hessian),
        "noise_variance": np.diag(known.noise_covariance),
        "predicted_variance": np.diag(predictions.covariance(known, rule)),
        "continuous_variance": np.diag(predictions.continuous_covariance(known, rule)),
    }


def _temperatures(recorded: Recorded, rule: StepRule, predicted: Columns) -> Columns:
    """Of the eigenvectors; NaN for Nesterov's momentum, whose steps have another mapping."""
    chosen = eigenvectors(recorded)
    curvature, error = (
        np.asarray(predicted[name], np.float64)[chosen] for name in ("curvature", "curvature_error")
    )
    found = mode_temperatures(
        recorded.position[..., chosen],
        recorded.velocity[..., chosen],
        curvature if not rule.nesterov else np.full(len(chosen), np.nan),
        error,
        rule.learning_rate,
        rule.momentum,
    )
    return {name: _spread(recorded, values) for name, values in found._asdict().items()}


def _each(function: Callable[[Any], float], values: Iterable[Any], known: bool) -> Floats:
    """A function of every value where theory knows it, else NaN."""
    return np.array([float(function(value)) if known else np.nan for value in values])


def _spread(recorded: Recorded, values: Floats) -> Floats:
    found = np.full(len(recorded.kind), np.nan)
    found[eigenvectors(recorded)] = values
    return found


def _fitted(fits: ProjectionFits, rule: StepRule) -> Columns:
    """Parameters of both autoregressions, and what Langevin's equation makes of them."""
    columns: Columns = {}
    for name, fit in (("first", fits.first), ("second", fits.second)):
        for field in ("curvature", "momentum", "noise_variance", "temperature"):
            columns[f"{name}_{field}"] = getattr(fit, field)
            columns[f"{name}_{field}_error"] = getattr(fit, f"{field}_error")
        columns[f"{name}_resolved"] = fit.resolved
    # The continuous reading of the same coefficient: high by 5 % at eta h = 0.1, and undefined from 1 on.
    shrink = fits.first.coefficients[:, 0]
    rates = -np.log(np.where(shrink > 0, shrink, np.nan))
    underdamped = underdamped_parameters(fits.second, rule.learning_rate)
    step = langevin_parameters(rule.learning_rate, rule.momentum).time_step
    return {
        **columns,
        "ornstein_uhlenbeck_curvature": rates / rule.learning_rate,
        "order": fits.order,
        "ljung_box_pvalue": fits.ljung_box_pvalue,
        "friction": underdamped.friction,
        "frequency": underdamped.frequency,
        "kinetic_time_step": np.full(len(fits.order), step),
    }


def _convergence(fits: ProjectionFits) -> Columns:
    fields = (
        *("autocorrelation_time", "effective_sample_size", "split_r_hat"),
        *("mean_drift", "variance_drift", "stationarity_pvalue", "stationarity_power"),
    )
    # Of a direction that is too short to be tested nothing is concluded either.
    return {
        **{field: getattr(fits, field) for field in fields},
        "stationary": fits.stationarity_pvalue >= LEVEL,
    }


def _asymmetry(recorded: Recorded) -> Columns:
    found = estimate_third_order_asymmetry(recorded.position)
    return {"asymmetry": found.value, "asymmetry_error": found.standard_error}


def _slices(recorded: Recorded, fits: ProjectionFits) -> Columns:
    """Where the measured potential is lowest, and Boltzmann's law in it against a Gaussian."""
    chosen = eigenvectors(recorded)
    names = (
        *("minimum_distance", "minimum_distance_error"),
        *("boltzmann_temperature", "boltzmann_temperature_error", "boltzmann_bic_difference"),
    )
    found = np.full((len(chosen), len(names)), np.nan)
    if "slice_loss" in recorded.slices:
        # Slices go through the mean position of all replicas.
        samples = recorded.position[..., chosen].astype(np.float64)
        samples -= samples.mean(axis=(0, 1))
        lines = zip(recorded.slices["slice_distance"], recorded.slices["slice_loss"], strict=True)
        for index, (distances, losses) in enumerate(lines):
            size = float(fits.effective_sample_size[chosen[index]])
            found[index, :2] = _minimum(distances, losses), 1 / np.sqrt(size)
            with suppress(ValueError):  # it leaves the slice, or the slice has no minimum
                law = compare_boltzmann(distances, losses, samples[..., index], size)
                found[index, 2:] = law.temperature, law.temperature_error, law.bic_difference
    return {name: _spread(recorded, column) for name, column in zip(names, found.T, strict=True)}


def _minimum(distances: Floats, losses: Floats) -> float:
    """Distance of a slice's minimum from its middle, standard deviations; infinite where it has none."""
    # A parabola through the inner half: further out the loss need not be one.
    scaled = distances / distances[-1]
    near = np.abs(scaled) <= 0.5
    curvature, slope, _ = np.polyfit(scaled[near], losses[near], 2)
    return float(-slope / (2 * curvature) * SLICE_WIDTH) if curvature > 0 else np.inf
