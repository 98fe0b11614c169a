"""How well predicted pass rates hold: rows by batch size, and the reliability of single predictions.

A prediction is reliable where, among coordinates of a predicted probability p, a share p passes.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.columns import empty_rows
from gradnoise.clt.prediction import Prediction
from gradnoise.clt.rank_correlation import spearman
from gradnoise.clt.settings import Design
from gradnoise.clt.value_classes import Values

Floats = NDArray[np.float64]

BINS = 10  # of the predicted probability


def rows(found: Prediction, design: Design) -> NDArray[Any]:
    """One row per batch size, number of batches and repeat, over the coordinates with a prediction.

    Percentages are means over those coordinates; `spearman` is the rank correlation, over coordinates, of
    the predicted probability and the share of repeats passed. Shares of the classes are of all coordinates,
    `coverage` is the predicted share of the testable ones. The ratio carries the errors of both percentages: that of
    the prediction over the choice of samples, that of the measurement over the draws, from the repeats.

    Returns:
        Structured array (S K R,) with the columns of `columns.JUDGED_TABLES["prediction"]`.
    """
    cells = empty_rows("prediction", found.passed.shape[:3])
    for s, size in enumerate(design.batch_sizes):
        shares = {kind: np.mean(found.classes[s] == kind) for kind in Values}
        for k, n in enumerate(design.batches):
            known = np.flatnonzero(~np.isnan(found.predicted[s, k]))
            predicted, passed = found.predicted[s, k, known], found.passed[s, k][:, known]
            cell = cells[s, k]
            cell["batch_size"], cell["batches"], cell["coordinates"] = size, n, known.size
            cell["repeat"] = np.arange(1, design.repeats + 1)
            for kind in (Values.LATTICE, Values.SPARSE, Values.DEAD):
                cell[f"share_{kind.name.lower()}"] = shares[kind]
            cell["predicted_percentage"] = 100 * predicted.mean() if known.size else np.nan
            cell["measured_percentage"] = 100 * passed.mean(axis=1) if known.size else np.nan
            cell["predicted_error"] = 100 * found.error[s, k] if known.size else np.nan
            cell["measured_error"] = _deviation(cell["measured_percentage"])
            testable = found.testable[s, k]
            cell["testable"] = testable.sum(axis=1)
            covered = testable[:, known].sum(axis=1)
            cell["coverage"] = covered / np.where(cell["testable"] > 0, cell["testable"], np.nan)
            cell["ratio"], cell["ratio_error"] = _ratio(cell)
            cell["spearman"] = spearman(predicted, passed.mean(axis=0))
    return cells.ravel()


def bins(found: Prediction, design: Design) -> NDArray[Any]:
    """Ten bins of the predicted probability, all batch sizes together: mean prediction and share passed.

    Returns:
        Structured array (10 K,) with the columns of `columns.JUDGED_TABLES["reliability"]`; NaN in empty bins.
    """
    cells = empty_rows("reliability", (len(design.batches), BINS))
    for k, n in enumerate(design.batches):
        known = ~np.isnan(found.predicted[:, k])
        predicted = found.predicted[:, k][known]
        passed = found.passed[:, k].mean(axis=1)[known]
        # A probability of exactly 1 belongs to the last bin.
        place = np.minimum((predicted * BINS).astype(int), BINS - 1)
        count = np.bincount(place, minlength=BINS)
        cells["batches"][k], cells["bin"][k], cells["count"][k] = n, np.arange(BINS), count
        for name, values in (("predicted", predicted), ("measured", passed)):
            with np.errstate(invalid="ignore"):
                mean = np.bincount(place, values, BINS) / count
            cells[f"{name}_percentage"][k] = 100 * mean
    return cells.ravel()


def _deviation(percentages: Floats) -> float:
    """Over repeats; NaN for one."""
    return float(percentages.std(ddof=1)) if percentages.size > 1 else np.nan


def _ratio(cell: NDArray[Any]) -> tuple[Floats, Floats]:
    """Measured over predicted, and its standard error, from both."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = cell["measured_percentage"] / cell["predicted_percentage"]
        squares = cell["measured_error"] ** 2 + (ratio * cell["predicted_error"]) ** 2
        return ratio, np.sqrt(squares) / cell["predicted_percentage"]


def third_moment_correlations(
    coordinates: Mapping[str, NDArray[Any]],
    pvalues: Floats,
    design: Design,
    significance: float,
) -> NDArray[Any]:
    """Within the layer: Spearman correlation of rho and the share of repeats passed, plain and partial.

    Partial: given the coordinate's scale and, where per-sample gradients are stored, the share of its most
    frequent value. Over coordinates that are not constant.

    Args:
        coordinates: (C,) arrays `rho`, `variance` and, where it is known, `largest_share`.
        pvalues: (S, K, R, C).
        design: the batch sizes and numbers of batches.
        significance: level of the test.

    Returns:
        Structured array (S K,), a row per batch size and number of batches, with the columns of
        `columns.JUDGED_TABLES["correlations"]`.
    """
    sizes, counts = design.batch_sizes, design.batches
    rows = empty_rows("correlations", (len(sizes), len(counts)))
    rho = coordinates["rho"]
    live = np.flatnonzero(~np.isnan(rho))
    names = [name for name in ("variance", "largest_share") if name in coordinates]
    given = [coordinates[name][live] for name in names]
    for s, size in enumerate(sizes):
        for k, n in enumerate(counts):
            passed = (pvalues[s, k][:, live] >= significance).mean(axis=0)
            pair = rho[live], passed
            rows[s, k] = size, n, spearman(*pair), spearman(*pair, given)
    return rows.ravel()
