"""The shape of a coordinate's distribution: skewness, excess kurtosis and distance to the normal law."""

import math
from typing import Any

import numba
import numpy as np

from gradnoise.gaussianity.kernels import Floats, Location, Rows, kernel
from gradnoise.gaussianity.populations import Population
from gradnoise.gaussianity.statistic import Column, Field, Kind, Statistic, deviation, mean


@numba.njit(
    nogil=True,
    cache=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "nsz", "nnan", "ninf"},
    forceinline=True,  # as sums_kernel
)
def _standardised(
    row: Rows,
    factor: float,
    centre: float,
    scale: float,
    shift: float,
    grid: Floats,
    gaps: Floats,
) -> tuple[float, float, float]:
    """Third and fourth moment of z = (factor x - centre) scale - shift, and the largest |Phi(z_i) - (i + 1/2)/n|."""
    third, fourth = 0.0, 0.0
    for i in range(row.size):
        z = (row[i] * factor - centre) * scale - shift
        square = z * z
        third += square * z
        fourth += square * square
        x = abs(z)
        # Abramowitz and Stegun 7.1.28 with the square root of two drawn into the coefficients.
        t = 1.0 + x * (
            0.04986734697 + x * (
                0.02114100615 + x * (
                    0.00327762634 + x * (
                        0.00003800357 + x * (0.00004889064 + x * 0.00000538298)))))  # fmt: skip
        t *= t
        t *= t
        t *= t
        t *= t
        upper = 0.5 - 0.5 / t
        gaps[i] = abs((upper if z > 0.0 else -upper) - grid[i])
    # A loop of its own: together with the sums it would not be vectorised.
    largest = 0.0
    for i in range(row.size):
        largest = gaps[i] if gaps[i] > largest else largest
    return third / row.size, fourth / row.size, largest


@kernel
def shape_rows(
    rows: Rows,
    factor: Floats,
    median: Floats,
    span: Floats,
    mean: Floats,
    squares: Floats,
    grid: Floats,
    skewness: Rows,
    kurtosis: Rows,
    distance: Rows,
) -> None:
    """Write skewness, excess kurtosis and Kolmogorov distance of each sorted row; NaN where it has no scale.

    Args:
        rows: (m, n), each row ascending.
        factor, median, span, mean, squares: of `Location`.
        grid: (i + 1/2) / n - 1/2 for i = 0 to n - 1. With it sup |F_n - Phi| = max |Phi - 1/2 - grid| + 1/(2n).
        skewness: float32 (m,), written.
        kurtosis: float32 (m,), written.
        distance: float32 (m,), written.
    """
    n = rows.shape[1]
    gaps = np.empty(n)
    # Standardised by the n - 1 deviation as the Lilliefors statistic is; moments are of the population.
    unbiased = math.sqrt((n - 1.0) / n)
    for r in range(rows.shape[0]):
        if not span[r] > 0.0:
            skewness[r] = kurtosis[r] = distance[r] = math.nan
            continue
        scale = math.sqrt((n - 1.0) / squares[r])
        third, fourth, gap = _standardised(
            rows[r], factor[r], median[r], scale, mean[r] * scale, grid, gaps
        )
        skewness[r] = third / unbiased**3
        kurtosis[r] = fourth / unbiased**4 - 3.0
        distance[r] = gap + 0.5 / n


def _prepare(n: int) -> Any:
    grid = (np.arange(n) + 0.5) / n - 0.5

    def run(rows: Rows, location: Location, skewness: Rows, kurtosis: Rows, distance: Rows) -> None:
        shape_rows(rows, *location, grid, skewness, kurtosis, distance)

    return run


def _over_live(name: str, long_name: str, field: str, reduce: Any) -> Column:
    return Column(
        name, f"{long_name} of the live coordinates", Kind.MEAN, field, Population.LIVE, reduce
    )


STATISTIC = Statistic(
    fields=(
        Field("skewness", "skewness m3 / m2^1.5 of the samples", np.float32),
        Field("excess_kurtosis", "excess kurtosis m4 / m2^2 - 3 of the samples", np.float32),
        Field(
            "kolmogorov_distance",
            "largest |F_n - Phi| to the normal law of the samples' own mean and deviation (Lilliefors)",
            np.float32,
        ),
    ),
    prepare=_prepare,
    columns=(
        _over_live("skewness_mean", "mean skewness", "skewness", mean),
        _over_live("skewness_sd", "standard deviation of the skewness", "skewness", deviation),
        _over_live("excess_kurtosis_mean", "mean excess kurtosis", "excess_kurtosis", mean),
        _over_live(
            "excess_kurtosis_sd",
            "standard deviation of the excess kurtosis",
            "excess_kurtosis",
            deviation,
        ),
        _over_live(
            "kolmogorov_distance_mean", "mean Kolmogorov distance", "kolmogorov_distance", mean
        ),
    ),
)
