"""What stands for a whole layer: one row of numbers per batch size, number of batches and repeat; examples."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.gaussianity.kernels import Coordinate

COLUMNS = {
    "batch_size": np.int64,
    "batches": np.int64,
    "repeat": np.int64,
    "percentage_testable": np.float64,
    "percentage_gaussian": np.float64,
    "percentage_live": np.float64,
    "percentage_directions": np.float64,
    "share_dirac": np.float64,
    "share_sparse": np.float64,
    "share_quantised": np.float64,
    "share_live": np.float64,
    "pi0": np.float64,
    "rejections_bh": np.int64,
    "skewness_mean": np.float64,
    "skewness_sd": np.float64,
    "excess_kurtosis_mean": np.float64,
    "excess_kurtosis_sd": np.float64,
    "kolmogorov_distance_mean": np.float64,
    "coordinates": np.int64,
}


Fields = Mapping[str, NDArray[Any]]


def storey_pi0(pvalues: ArrayLike) -> float:
    """Share of true null hypotheses, #{p > 1/2} / (m / 2), after Storey (2002), JRSS B 64, lambda = 1/2.

    Args:
        pvalues: (m,).

    Returns:
        The share; it is an estimate and may exceed 1. NaN for m = 0.
    """
    p = np.asarray(pvalues)
    return float(np.mean(p > 0.5) * 2) if p.size else float("nan")


def benjamini_hochberg(pvalues: ArrayLike, rate: float) -> int:
    """Number of rejections at false discovery rate `rate`: the largest k with p_(k) <= rate k / m.

    Benjamini and Hochberg (1995), JRSS B 57. Coordinates of a layer share their batches and so are
    dependent: the count is descriptive.

    Args:
        pvalues: (m,).
        rate: the false discovery rate.
    """
    p = np.sort(np.asarray(pvalues))
    below = np.flatnonzero(p <= rate * np.arange(1, p.size + 1) / max(1, p.size))
    return int(below[-1]) + 1 if below.size else 0


def summarise(
    coordinates: Fields,
    directions: Fields,
    batch_sizes: Sequence[int],
    batches: Sequence[int],
    repeats: Sequence[int],
    significance: float,
) -> NDArray[Any]:
    """One row for each batch size, number of batches and repeat.

    `percentage_testable` is the share of passing (p >= significance) coordinates among all that are not
    DIRAC, `percentage_gaussian` among all with DIRAC counted as passing (the convention of the paper),
    `percentage_live` among LIVE alone and `percentage_directions` among the testable random directions, all
    in percent and NaN where there is nothing to count. Shares of the classes are 0 to 1. pi0 and
    `rejections_bh` (at rate `significance`) are over the testable; means and standard deviations of skewness
    and excess kurtosis, and the mean Kolmogorov distance, over the LIVE, whose spread no spike dominates.

    Args:
        coordinates: arrays (S, K, R, C): `pvalue`, `class`, `skewness`, `excess_kurtosis`,
            `kolmogorov_distance`.
        directions: arrays (S, K, R, D): `pvalue`, `class`.
        batch_sizes: S of them.
        batches: K of them.
        repeats: R of them.
        significance: level of the test.

    Returns:
        Structured array of S * K * R rows with the fields of `COLUMNS`.
    """
    rows = np.zeros(len(batch_sizes) * len(batches) * len(repeats), np.dtype(list(COLUMNS.items())))
    cells = product(enumerate(batch_sizes), enumerate(batches), enumerate(repeats))
    for row, ((s, batch_size), (k, n), (r, repeat)) in zip(rows, cells, strict=True):
        cell = {name: values[s, k, r] for name, values in coordinates.items()}
        along = {name: directions[name][s, k, r] for name in ("pvalue", "class")}
        numbers: dict[str, float] = {"batch_size": batch_size, "batches": n, "repeat": repeat}
        numbers |= _row(cell, along, significance)
        for name, value in numbers.items():
            row[name] = value
    return rows


def _row(cell: Fields, along: Fields, significance: float) -> dict[str, float]:
    classes, passing = cell["class"], cell["pvalue"] >= significance
    testable, live = classes != Coordinate.DIRAC, classes == Coordinate.LIVE
    shares = {f"share_{kind.name.lower()}": _mean(classes == kind) for kind in Coordinate}
    return {
        "percentage_testable": 100 * _mean(passing[testable]),
        "percentage_gaussian": 100 * _mean(passing | ~testable),
        "percentage_live": 100 * _mean(passing[live]),
        "percentage_directions": 100
        * _mean(along["pvalue"][along["class"] != Coordinate.DIRAC] >= significance),
        **shares,
        "pi0": storey_pi0(cell["pvalue"][testable]),
        "rejections_bh": benjamini_hochberg(cell["pvalue"][testable], significance),
        "skewness_mean": _mean(cell["skewness"][live]),
        "skewness_sd": _deviation(cell["skewness"][live]),
        "excess_kurtosis_mean": _mean(cell["excess_kurtosis"][live]),
        "excess_kurtosis_sd": _deviation(cell["excess_kurtosis"][live]),
        "kolmogorov_distance_mean": _mean(cell["kolmogorov_distance"][live]),
        "coordinates": classes.size,
    }


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values, dtype=np.float64)) if values.size else float("nan")


def _deviation(values: NDArray[Any]) -> float:
    return float(np.std(values, ddof=1, dtype=np.float64)) if values.size > 1 else float("nan")


def cast(cell: Fields) -> dict[str, int]:
    """Which coordinate of a cell plays which role; a role that nobody plays is left out.

    Args:
        cell: arrays (C,): `pvalue`, `statistic`, `class`.

    Returns:
        Positions of `typical`, the live coordinate of median p-value; `worst`, the testable one of smallest W;
        `dead`, the first DIRAC one.
    """
    classes = cell["class"]
    live = np.flatnonzero(classes == Coordinate.LIVE)
    testable = np.flatnonzero(classes != Coordinate.DIRAC)
    dead = np.flatnonzero(classes == Coordinate.DIRAC)
    roles = {}
    if live.size:
        order = np.argsort(cell["pvalue"][live], kind="stable")
        roles["typical"] = int(live[order[live.size // 2]])
    if testable.size:
        roles["worst"] = int(testable[np.argmin(cell["statistic"][testable])])
    if dead.size:
        roles["dead"] = int(dead[0])
    return roles
