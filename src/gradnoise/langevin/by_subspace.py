"""What a trajectory says of a subspace as a whole: scaling laws, currents, diffusion, flatness."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from gradnoise.langevin import predictions
from gradnoise.langevin.by_direction import Columns, eigenvectors, snapshots
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
from gradnoise.langevin.irreversibility import Currents, irreversibility
from gradnoise.langevin.predictions import Quadratic, StepRule
from gradnoise.langevin.settings import Settings
from gradnoise.langevin.theory.propositions import isotropy_conditions
from gradnoise.langevin.theory.stationary import stability_limit
from gradnoise.trajectory.store import Recorded

Numbers = dict[str, float]


FLATNESS = "flatness_exponent", "flatness_exponent_error", "first_share", "random_walk_share"


DIFFUSION = "diffusion_exponent", "diffusion_exponent_error", "last_diffusion_exponent"


def summarise(
    recorded: Recorded,
    rows: Columns,
    joint: VectorAutoregressionFit | None,
    settings: Settings,
) -> tuple[Numbers, Currents]:
    """Numbers of one subspace, and its area rates.

    Args:
        recorded: the subspace.
        rows: of `by_direction.describe`.
        joint: of `fit_jointly`: the Hessian that it finds has to be symmetric, as a gradient's is.
        settings: of the stage.
    """
    rule = predictions.step_rule(recorded.attributes)
    measured = snapshots(recorded)
    known = predictions.quadratic(measured, rule)
    chosen = eigenvectors(recorded)
    currents, numbers = irreversibility(recorded.position[..., chosen], measured, rule, settings)
    return {
        **_conditions(known, rule),
        **_exponents(recorded, rows, rule),
        **numbers,
        **_noise(recorded, known, rule),
        **_diffusion(recorded),
        **_flatness(recorded),
        "vector_asymmetry": joint.asymmetry if joint else np.nan,
        "vector_asymmetry_pvalue": joint.asymmetry_pvalue if joint else np.nan,
        "peak_distance": float(np.abs(np.asarray(rows["minimum_distance"])[chosen]).max()),
        "batch_sharpness": float(recorded.batch_sharpness.mean()),
        "batch_sharpness_error": float(
            recorded.batch_sharpness.std(ddof=1) / np.sqrt(recorded.batch_sharpness.size)
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


def _exponents(recorded: Recorded, rows: Columns, rule: StepRule) -> Numbers:
    """gamma of C ~ H^gamma, H without weight decay, and exponents of the measured and predicted variance."""
    chosen = eigenvectors(recorded)
    columns = {name: np.asarray(rows[name], np.float64)[chosen] for name in (
        "curvature", "noise_variance", "variance", "variance_error", "predicted_variance"
    )}  # fmt: skip
    columns["bare_curvature"] = columns["curvature"] - rule.weight_decay
    usable = np.all([np.isfinite(each) & (each > 0) for each in columns.values()], axis=0)
    columns = {name: each[usable] for name, each in columns.items()}
    found: Numbers = {}
    for name, curvature, values, error in (
        ("noise_exponent", "bare_curvature", "noise_variance", None),
        ("variance_exponent", "curvature", "variance", columns["variance_error"]),
        ("predicted_variance_exponent", "curvature", "predicted_variance", None),
    ):
        law = (
            power_law(columns[curvature], columns[values], y_error=error)
            if usable.sum() >= 3
            else None
        )
        found[name] = law.exponent if law else np.nan
        found[f"{name}_error"] = law.exponent_error if law else np.nan
    return found


def _noise(recorded: Recorded, known: Quadratic, rule: StepRule) -> Numbers:
    """Mini-batch noise over the mean gradient, and how much the noise varies along the trajectory."""
    measured = snapshots(recorded)
    trace = np.trace(measured.noise_covariance, axis1=1, axis2=2)
    top = np.linalg.eigvalsh(measured.noise_covariance)[:, -1]
    square = (recorded.gradient[:, eigenvectors(recorded)] ** 2).sum(axis=1)
    ratio = np.trace(known.noise_covariance) / square.mean() if square.any() else np.inf
    count = len(trace)
    left_out = (
        [np.delete(trace, out).mean() / np.delete(square, out).mean() for out in range(count)]
        if count > 1 and square.any()
        else []
    )
    scale = np.trace(known.noise_covariance) / trace.mean()
    return {
        "noise_over_gradient": float(ratio),
        "noise_over_gradient_error": float(scale * predictions.snapshot_error(left_out)),
        **_variation("noise_trace_variation", trace),
        **_variation("noise_top_variation", top),
    }


def _variation(name: str, values: NDArray[np.floating]) -> Numbers:
    """Coefficient of variation over snapshots, with its 95 % interval for Gaussian values."""
    count = len(values)
    if count < 2:
        return dict.fromkeys((name, f"{name}_lower", f"{name}_upper"), np.nan)
    found = float(values.std(ddof=1) / values.mean())
    lower, upper = (found * np.sqrt((count - 1) / chdtri(count - 1, p)) for p in (0.025, 0.975))
    return {name: found, f"{name}_lower": float(lower), f"{name}_upper": float(upper)}


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
