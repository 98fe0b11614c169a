"""The class of a coordinate's values: live, constant, sparse or quantised."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.gaussianity.kernels import Location, Rows, kernel
from gradnoise.gaussianity.populations import Coordinate, Population
from gradnoise.gaussianity.statistic import Column, Field, Kind, Statistic, measure


@kernel
def class_rows(rows: Rows, classes: Rows) -> None:
    """Write the class (`Coordinate`) of each sorted row (m, n) into `classes`, uint8 (m,)."""
    n = rows.shape[1]
    half = (n + 1) // 2
    for r in range(rows.shape[0]):
        row = rows[r]
        distinct = 1
        for i in range(1, n):
            distinct += row[i] != row[i - 1]
        kind = Coordinate.LIVE
        if row[0] == row[-1]:
            kind = Coordinate.DIRAC
        elif distinct <= n // 2 + 1:  # necessary for one value to fill half
            if 4 * distinct < n:
                kind = Coordinate.QUANTISED
            # Equal values are neighbours, so one that fills half spans half of the row.
            for i in range(n - half + 1):
                if row[i] == row[i + half - 1]:
                    kind = Coordinate.SPARSE
        classes[r] = kind


def _prepare(n: int) -> Any:
    if n < 1:
        raise ValueError("samples: found empty series; at least 1 sample is needed")

    def run(rows: Rows, location: Location, classes: Rows) -> None:
        class_rows(rows, classes)

    return run


def _share(kind: Coordinate, classes: NDArray[np.uint8], significance: float) -> float:
    return float(np.mean(classes == kind)) if classes.size else float("nan")


def _count(classes: NDArray[np.uint8], significance: float) -> int:
    return classes.size


MEANING = {
    Coordinate.DIRAC: "constant",
    Coordinate.SPARSE: "in which one value fills half of the samples or more",
    Coordinate.QUANTISED: "with fewer distinct values than a quarter of the samples",
    Coordinate.LIVE: "of none of the other classes",
}


STATISTIC = Statistic(
    fields=(
        Field(
            "class",
            "class of the values: " + ", ".join(f"{kind.value} {kind.name}" for kind in Coordinate),
            np.uint8,
            units="",
        ),
    ),
    prepare=_prepare,
    columns=(
        *(
            Column(
                f"share_{kind.name.lower()}",
                f"share of coordinates {meaning}",
                Kind.SHARE,
                "class",
                Population.ALL,
                partial(_share, kind),
            )
            for kind, meaning in MEANING.items()
        ),
        Column(
            "coordinates",
            "coordinates that were measured",
            Kind.COUNT,
            "class",
            Population.ALL,
            _count,
        ),
    ),
    smallest=0,  # empty series are refused, not left out
)


def classify(samples: ArrayLike, axis: int = -1) -> NDArray[np.uint8]:
    """Class of each series, as the integers of `Coordinate`.

    The most frequent value is counted, not zeros: in gradient noise a silent mini-batch is the constant
    minus the full gradient. A series with NaN counts each NaN as a value of its own.

    Args:
        samples: float32 or float64, at least one sample along `axis`.
        axis: the axis of the series.

    Returns:
        uint8, in the samples' shape without `axis`.

    Raises:
        ValueError: for empty series.

    >>> Coordinate(int(classify([0.5, 0.5, 0.5, 0.5])))
    <Coordinate.DIRAC: 1>
    """
    return measure(samples, axis, [STATISTIC])["class"]
