"""Tail index of many series at once: index and scale of a symmetric stable law, by four estimators.

An index below 2 describes the shape of the samples. It does not prove infinite variance: mini-batch noise over a
finite data set is bounded. No number from here means anything without the same estimator's on Gaussian
samples (`gradnoise.tails.null`).
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradnoise.series import Rows, as_rows, over_sorted_blocks
from gradnoise.tails.stable.density import density_table
from gradnoise.tails.stable.kernels import ecf_rows, mcculloch_rows, mohammadi_rows
from gradnoise.tails.stable.likelihood import likelihood_rows

Method = Literal["ecf", "mcculloch", "mohammadi", "ml"]


METHODS: tuple[Method, ...] = get_args(Method)


SMALLEST = 4  # samples in a series


Floats = NDArray[np.float64]


Flags = NDArray[np.bool_]


class TailIndex(NamedTuple):
    """Index and scale s of exp(-|s t|^alpha), and whether they were found; the samples' shape without the axis."""

    alpha: Floats
    scale: Floats
    converged: Flags


class StableFit(NamedTuple):
    """What `maximum_likelihood` finds, in the samples' shape without the series axis."""

    alpha: Floats
    scale: Floats
    converged: Flags
    log_likelihood_ratio: Floats


def tail_index(samples: ArrayLike, axis: int = -1, method: Method = "ecf") -> TailIndex:
    """Tail index alpha and scale s of each series, for the characteristic function exp(-|s t|^alpha).

    `ecf` regresses ln(-ln |phi(t)|^2) of the empirical characteristic function on ln t over t = 0.2, 0.4, ..., 1
    over the scale, after Koutrouvelis (1980), JASA 75; alpha at most 2. `mcculloch` looks the ratio of quantile ranges
    (q95 - q05) / (q75 - q25) up, after McCulloch (1986), Comm. Stat. Simul. 15; biased low near 2. `mohammadi` is
    the block estimator of Mohammadi, Mohammadpour and Ogata (2015), Metrika 78: 1 / alpha =
    (mean ln|Y_j| - mean ln|X_i|) / ln K with Y_j the sums of blocks of K = 10 values (20 from 400 values on), the
    remainder dropped, clipped at 2. `ml` is `maximum_likelihood`.

    All but `mohammadi` are indifferent to a shift; that takes the samples as given and in their order: centre
    them first. It leaves out exact zeros and, where one value fills 5 % of a series or more and occurs four times
    as often as any other, that value, as the noise of a silent mini-batch is minus the full gradient.
    All are indifferent to a factor.

    Args:
        samples: float32 or float64, at least 4 samples along `axis`; other real types become float64.
        axis: the axis of the series.
        method: one of `METHODS`.

    Returns:
        float64 `alpha` and `scale`, bool `converged`. NaN, NaN and False where a series has zero range, a value
        that is not finite, or too few different values. An estimate at the lower end of its method's
        range, 0.5, is returned as not converged; one at 2 is a proper one.

    Raises:
        ValueError: for an unknown method or fewer than 4 samples.
    """
    if method not in METHODS:
        raise ValueError(f"method: found {method!r}; accepted: {', '.join(METHODS)}")
    if method == "ml":
        return TailIndex(*maximum_likelihood(samples, axis)[:3])
    rows, shape = _checked(samples, axis)
    alpha, scale = np.empty((2, len(rows)))
    converged = np.empty(len(rows), np.bool_)

    def work(block: Rows, where: slice) -> None:
        results = alpha[where], scale[where], converged[where]
        if method == "mohammadi":
            mohammadi_rows(block, np.ascontiguousarray(rows[where]), *results)
        else:
            SORTED[method](block, *results)

    over_sorted_blocks(rows, work)
    return TailIndex(alpha.reshape(shape), scale.reshape(shape), converged.reshape(shape))


SORTED: dict[str, Callable[..., Any]] = {"ecf": ecf_rows, "mcculloch": mcculloch_rows}


def maximum_likelihood(samples: ArrayLike, axis: int = -1) -> StableFit:
    """Maximum-likelihood index in [0.5, 2] and scale about the median, from a table of the density.

    Started from `ecf`. For Gaussian samples the estimate is the bound 2 itself four times out of five.

    Args:
        samples: float32 or float64, at least 4 samples along `axis`.
        axis: the axis of the series.

    Returns:
        As `tail_index`, and `log_likelihood_ratio`: the log-likelihood less the largest that a Gaussian about the
        same median has, 0 where alpha is 2. The null lies on the boundary: twice the ratio does not follow
        chi-squared, compare it with that of Gaussian samples.

    Raises:
        ValueError: for fewer than 4 samples.
    """
    rows, shape = _checked(samples, axis)
    alpha, scale, ratio = np.empty((3, len(rows)))
    converged = np.empty(len(rows), np.bool_)
    table = density_table()

    def work(block: Rows, where: slice) -> None:
        # A copy, as the kernel may bring rows to another scale in place.
        ecf_rows(block.copy(), alpha[where], scale[where], converged[where])
        likelihood_rows(block, table, alpha[where], scale[where], converged[where], ratio[where])

    over_sorted_blocks(rows, work)
    return StableFit(
        alpha.reshape(shape), scale.reshape(shape), converged.reshape(shape), ratio.reshape(shape)
    )


def warm() -> None:
    """Compile every kernel, or load it from Numba's cache."""
    for dtype in (np.float32, np.float64):
        for method in METHODS:
            tail_index(np.arange(80, dtype=dtype).reshape(4, 20) ** 3, method=method)


def _checked(samples: ArrayLike, axis: int) -> tuple[Rows, tuple[int, ...]]:
    rows, shape = as_rows(samples, axis)
    if rows.shape[1] < SMALLEST:
        raise ValueError(f"samples: found {rows.shape[1]} in a series; at least {SMALLEST} needed")
    return rows, shape
