"""The langevin stage: one trajectory in one subspace, compared with Langevin rule. No torch."""

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.langevin import predictions
from gradnoise.langevin.by_direction import Columns, describe, eigenvectors
from gradnoise.langevin.by_subspace import fit_jointly, summarise
from gradnoise.langevin.estimation.blocks import cut, error_of_mean
from gradnoise.langevin.estimation.convergence import memory
from gradnoise.langevin.estimation.relaxation import measured_autocorrelation
from gradnoise.langevin.estimation.trajectories import centred_columns
from gradnoise.langevin.estimation.vector_autoregression import VectorAutoregressionFit
from gradnoise.langevin.results import Analysis
from gradnoise.langevin.settings import Settings
from gradnoise.langevin.theory.relaxation import autocorrelation, mean_squared_displacement
from gradnoise.trajectory.store import Recorded

log = logging.getLogger(__name__)

BINS = 60
PATH = 2000  # steps of the first replica that are kept, for phase portraits

Arrays = dict[str, NDArray[Any]]


def _relaxation(recorded: Recorded, rows: Columns, lags: int) -> Arrays:
    """Measured and predicted autocorrelations and displacements of every direction."""
    rule = predictions.step_rule(recorded.attributes)
    lags = min(lags, recorded.position.shape[1] // 4)
    correlation = measured_autocorrelation(recorded.position, lags)
    predicted = np.full_like(correlation, np.nan)
    for index in eigenvectors(recorded):
        curvature = float(rows["curvature"][index])
        if np.isfinite(rows["predicted_autocorrelation_time"][index]):
            predicted[index] = autocorrelation(
                curvature, rule.learning_rate, rule.momentum, np.arange(lags + 1)
            )
    variance = np.asarray(rows["variance"], np.float64)
    exact = np.asarray(rows["predicted_variance"], np.float64)
    chosen = eigenvectors(recorded)
    return {
        "autocorrelation": correlation,
        "predicted_autocorrelation": predicted,
        "displacement": mean_squared_displacement(variance[chosen], correlation[chosen]),
        "predicted_displacement": mean_squared_displacement(exact[chosen], predicted[chosen]),
    }


def _histograms(recorded: Recorded) -> Arrays:
    """Density of every direction about its mean, in units of its standard deviation, with its error."""
    edges = np.linspace(-5, 5, BINS + 1)
    found = [_histogram(rows, edges) for rows in centred_columns(recorded.position)]
    density, error = np.swapaxes(np.array(found), 0, 1)
    return {"histogram_edges": edges, "histogram": density, "histogram_error": error}


def _histogram(
    rows: NDArray[np.float64], edges: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density of one centred column (replicas, steps), and its error from blocks of several correlation times."""
    with np.errstate(invalid="ignore", divide="ignore"):
        standard = rows / rows.std()
    span = memory(rows).span
    blocks = cut(rows.shape[1], span if np.isfinite(span) else 1.0, len(rows))
    counts = np.array(
        [np.histogram(row[a:b], edges)[0] for row in standard for a, b in blocks.edges]
    )
    density = counts / blocks.lengths[:, None] / np.diff(edges)
    return counts.sum(0) / rows.size / np.diff(edges), error_of_mean(density, blocks)


def _joint(fit: VectorAutoregressionFit) -> Arrays:
    """The Hessian and the noise that a joint fit of all eigenvectors finds."""
    fields = "curvature", "curvature_error", "momentum", "noise_covariance"
    return {f"vector_{field}": getattr(fit, field) for field in fields}


def analyse(recorded: Recorded, settings: Settings) -> Analysis:
    """Everything the stage writes of one subspace: rows by direction, numbers, arrays for figures."""
    rows = describe(recorded, settings.residual_lags)
    joint = fit_jointly(recorded)
    numbers, currents = summarise(recorded, rows, joint, settings)
    unstationary = int((~np.asarray(rows["stationary"], bool)).sum())
    log.info("%d of %d directions are not stationary", unstationary, len(rows["stationary"]))
    arrays = {
        **_relaxation(recorded, rows, settings.lags),
        **_histograms(recorded),
        **{f"area_rate_{name}": values for name, values in currents._asdict().items()},
        **({} if joint is None else _joint(joint)),
        "path_position": recorded.position[0, :PATH],
        "path_velocity": recorded.velocity[0, :PATH],
        **recorded.slices,
    }
    return Analysis(rows, numbers, arrays)
