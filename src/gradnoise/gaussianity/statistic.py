"""What a statistic of single coordinates is, and how all of them are taken from one sort of each series."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from gradnoise.gaussianity.kernels import Location, locate
from gradnoise.gaussianity.multiple_testing import passing
from gradnoise.gaussianity.populations import Population
from gradnoise.series import Rows, as_rows, over_sorted_blocks

SMALLEST, LARGEST = 3, 5000  # samples in a series that the stage describes


Fields = Mapping[str, NDArray[Any]]


# Writes a statistic's fields of sorted rows, which it leaves as they are: (rows, their location, fields out).
Kernel = Callable[..., None]


@dataclass(frozen=True)
class Field:
    """A number of every series, as it is stored."""

    name: str
    long_name: str
    dtype: DTypeLike = np.float64
    units: str = "1"


class Kind(StrEnum):
    """How a layer's number becomes its network's, and where it stands in tables."""

    PERCENTAGE = (
        "percentage"  #: a mean over coordinates with an interval over repeats; in the noise card
    )
    SHARE = "share"  #: a mean over coordinates, 0 to 1; in the noise card
    MEAN = "mean"  #: any other mean over coordinates
    COUNT = "count"  #: adds up


@dataclass(frozen=True)
class Column:
    """A number that stands for a layer at one batch size, number of batches and repeat.

    Attributes:
        name, long_name, units: of the column.
        kind: how it is shown and averaged.
        field: of the statistic that it reduces.
        over: the coordinates that it reduces.
        reduce: from the field's values of those, (m,), and the level of the test to the number.
    """

    name: str
    long_name: str
    kind: Kind
    field: str
    over: Population
    reduce: Callable[[NDArray[Any], float], float]
    units: str = "1"


@dataclass(frozen=True)
class Statistic:
    """A statistic of single series.

    Attributes:
        fields: what it tells of every series, in the order in which its kernel takes them.
        prepare: from the number n of samples in a series to the kernel; ValueError for an n that it refuses.
        columns: what it tells of a layer.
        smallest: number of samples that it needs; shorter series are NaN in `describe`.
    """

    fields: tuple[Field, ...]
    prepare: Callable[[int], Kernel]
    columns: tuple[Column, ...] = ()
    smallest: int = SMALLEST


def percentage(name: str, long_name: str, field: str, over: Population) -> Column:
    """Column: the percentage of series whose p-value reaches the level of the test."""
    return Column(name, long_name, Kind.PERCENTAGE, field, over, passing, "%")


def mean(values: NDArray[Any], significance: float = 0.0) -> float:
    """Mean in float64; NaN of nothing. `significance` is not used: any reduction is told it."""
    return float(np.mean(values, dtype=np.float64)) if values.size else float("nan")


def deviation(values: NDArray[Any], significance: float = 0.0) -> float:
    """Standard deviation (divided by m - 1) in float64; NaN of fewer than two."""
    return float(np.std(values, ddof=1, dtype=np.float64)) if values.size > 1 else float("nan")


def require_length(n: int, smallest: int = SMALLEST) -> None:
    """Check the number of samples in a series.

    Raises:
        ValueError: for n below `smallest` or above 5000.
    """
    if not smallest <= n <= LARGEST:
        raise ValueError(f"samples: found {n} in a series; accepted: {smallest} to {LARGEST}")


def measure(
    samples: ArrayLike, axis: int, statistics: Sequence[Statistic], smallest: int | None = None
) -> dict[str, NDArray[Any]]:
    """Fields of every series by name, from one sort of each.

    Args:
        samples: float32 or float64 with the series along `axis`; other real types become float64.
        axis: of the series.
        statistics: which to take.
        smallest: samples that a series must have; it may then have no more than 5000.

    Returns:
        Arrays of the samples' shape without `axis`.

    Raises:
        ValueError: for another number of samples in a series.
    """
    rows, shape = as_rows(samples, axis)
    n = rows.shape[1]
    if smallest is not None:
        require_length(n, smallest)
    # NaN unless written: a statistic that needs longer series writes nothing.
    found: dict[str, NDArray[Any]] = {
        field.name: np.full(len(rows), np.nan, field.dtype)
        if np.dtype(field.dtype).kind == "f"
        else np.empty(len(rows), field.dtype)
        for statistic in statistics
        for field in statistic.fields
    }
    kernels = [
        (statistic.prepare(n), [found[field.name] for field in statistic.fields])
        for statistic in statistics
        if n >= statistic.smallest
    ]

    def work(block: Rows, where: slice) -> None:
        location: Location = locate(block)
        for kernel, fields in kernels:
            kernel(block, location, *(values[where] for values in fields))

    over_sorted_blocks(rows, work)
    return {name: values.reshape(shape) for name, values in found.items()}
