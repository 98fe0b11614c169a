"""Positive control: linear regression whose gradient noise has tails that are known, through the code that judges them.

There are as many targets as features. At the true parameters the gradient of a sample's squared error in the weight of
feature j for target j is -x_j e_j, with e the label noise: its tail index is that of the heavier of the two. Student's t with 1.5 degrees of freedom has no variance, with 3 no fourth
moment. Batches of fresh samples show which is which: their index stays where the variance is infinite and goes
to 2 where it is not. Large batches resampled from a fixed data set go to 2 whatever the population; there only the
growth of moments with the number of samples tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.control.populations import (
    DEGREES,
    INDEXED,
    SOURCES,
    Source,
    fresh_noise,
    regression_gradients,
    resampled_noise,
)
from gradnoise.draws.streams import Stream, generator
from gradnoise.store.tables import write_table
from gradnoise.tails.growth import growth, verdict
from gradnoise.tails.null import gaussian_null
from gradnoise.tails.stable.index import DEFAULT, METHODS, tail_index

SAMPLES = 20_000  # of the data set


FEATURES = 200  # whose growth is followed


NULL_SERIES = 1000


GAP = 0.2  # null minus measured index, of the default method, at the largest batch size, above which fresh noise has no variance


# Kurtosis of a population of tail index a grows with exponent 4 / a - 1 down to a = 2, and 1 below.
NO_VARIANCE = 2 / 3


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One row of the control.

    Attributes:
        distribution: of the inputs or the label noise; the other is Gaussian.
        source: which of them.
        draws: fresh samples for every batch, or resampled from the data set.
        batch_size: samples in a batch.
        batches: number of batches.
        alpha_ecf, alpha_mcculloch, alpha_mohammadi, alpha_ml: mean index over coordinates.
        null_ecf, null_mcculloch, null_mohammadi, null_ml: the same of Gaussian series.
        growth_exponent: of the per-sample gradients' kurtosis in the number of samples.
        growth_error: its standard error.
        finite_variance, finite_fourth: what is true of the population.
        called_variance: "finite", "infinite" or "undecided": of fresh batches from the index at the largest size,
            of resampled ones from the growth.
        called_fourth: the same of the fourth moment, from the growth.
        verdict: "right" where both calls are the truth, else "wrong".
    """

    distribution: str
    source: str
    draws: str
    batch_size: int
    batches: int
    alpha_ecf: float
    null_ecf: float
    alpha_mcculloch: float
    null_mcculloch: float
    alpha_mohammadi: float
    null_mohammadi: float
    alpha_ml: float
    null_ml: float
    growth_exponent: float
    growth_error: float
    finite_variance: bool
    finite_fourth: bool
    called_variance: str
    called_fourth: str
    verdict: str


def check_population(
    distribution: str,
    source: Source,
    batch_sizes: Sequence[int],
    batches: int,
    seed: int,
    null: Mapping[str, float],
) -> list[Row]:
    """Judge the tails of one population from fresh and from resampled batches of every size.

    Args:
        distribution, source: as for `regression_gradients`.
        batch_sizes: S of them.
        batches: of each size.
        seed: of everything.
        null: mean index of Gaussian series of as many batches, by method.

    Returns:
        2 S rows.
    """
    random = generator(seed, Stream.CONTROL, distribution, source)
    gradients = regression_gradients(random, distribution, source, (SAMPLES, FEATURES))
    grown = growth(gradients, seed)
    noise: dict[str, Sequence[NDArray[Any]]] = {
        "fresh": [fresh_noise(random, distribution, source, each, batches) for each in batch_sizes],
        "resampled": list(resampled_noise(gradients[:, :INDEXED], batch_sizes, batches, seed)),
    }
    indices = {
        (kind, size): _indices(values)
        for kind, series in noise.items()
        for size, values in zip(batch_sizes, series, strict=True)
    }
    gap = null[DEFAULT] - indices["fresh", max(batch_sizes)][DEFAULT]
    calls = {
        "fresh": "infinite" if gap > GAP else "finite",
        "resampled": called_variance(grown.kurtosis_exponent, grown.kurtosis_error),
    }
    fourth = verdict(grown.kurtosis_exponent, grown.kurtosis_error)
    finite = DEGREES[distribution] > 2, DEGREES[distribution] > 4
    truth = tuple("finite" if each else "infinite" for each in finite)
    return [
        Row(
            distribution=distribution,
            source=source,
            draws=kind,
            batch_size=size,
            batches=batches,
            **{f"alpha_{method}": round(value, 4) for method, value in found.items()},
            **{f"null_{method}": round(value, 4) for method, value in null.items()},
            growth_exponent=round(grown.kurtosis_exponent, 4),
            growth_error=round(grown.kurtosis_error, 4),
            finite_variance=finite[0],
            finite_fourth=finite[1],
            called_variance=calls[kind],
            called_fourth=fourth,
            verdict="right" if (calls[kind], fourth) == truth else "wrong",
        )
        for (kind, size), found in indices.items()
    ]


def called_variance(exponent: float, error: float) -> str:
    """What the growth of kurtosis says of the variance: "finite", "infinite" or "undecided"."""
    if exponent + 1.96 * error < NO_VARIANCE:
        return "finite"
    return "infinite" if exponent - 1.96 * error > NO_VARIANCE else "undecided"


def control(batch_sizes: Sequence[int], batches: int, seed: int) -> list[Row]:
    """Judge every population: three distributions, of the inputs or of the label noise."""
    drawn = gaussian_null(batches, METHODS, seed, series=NULL_SERIES)
    null = {method: float(values.mean()) for method, values in drawn.alpha.items()}
    return [
        row
        for distribution, source in product(DEGREES, SOURCES)
        for row in check_population(distribution, source, batch_sizes, batches, seed, null)
    ]


def _indices(noise: NDArray[Any]) -> dict[str, float]:
    """Mean index over coordinates by every method, of noise (batches, coordinates)."""
    found = {method: tail_index(noise, axis=0, method=method) for method in METHODS}
    return {method: float(each.alpha[each.converged].mean()) for method, each in found.items()}


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write the control as CSV, one row each."""
    write_table(path, [asdict(row) for row in rows])
