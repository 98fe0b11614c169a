"""Block estimator of Mohammadi, Mohammadpour and Ogata (2015), Metrika 78: 1 / alpha = (mean ln|Y_j| - mean ln|X_i|) / ln K.

Y_j are the sums of blocks of K = 10 values (20 from 400 values on), the remainder dropped; clipped at 2. It
takes the samples as given and in their order: a shift changes it, so centre them first. It leaves out exact
zeros and, where one value fills 5 % of a series or more and occurs four times as often as any other, that
value, as the noise of a silent mini-batch is minus the full gradient.
"""

import math

import numba
import numpy as np

from gradnoise.series import Rows
from gradnoise.tails.stable.estimator import Estimator, Flags, Floats, TailIndex

SECONDS = 6e-6  # per series of 600 values

SILENT = 0.05  # share of a series from which on a repeated value may be a silent mini-batch's
EULER = 0.5772156649015329

_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


def fit(ordered: Rows, rows: Rows) -> TailIndex:
    """Index and scale of each row (m, n), without exact zeros and silent batches."""
    alpha, scale = np.empty((2, len(rows)))
    converged = np.empty(len(rows), np.bool_)
    mohammadi_rows(ordered, np.ascontiguousarray(rows), alpha, scale, converged)
    return TailIndex(alpha, scale, converged)


ESTIMATOR = Estimator(fit)


@_kernel
def _silent(row: Rows) -> float:
    """Value of the silent mini-batches in a sorted row, NaN where there is none that stands out."""
    longest, second, start, value = 0, 0, 0, math.nan
    for i in range(1, row.size + 1):
        if i == row.size or row[i] != row[start]:
            if i - start > longest:
                longest, second, value = i - start, longest, np.float64(row[start])
            elif i - start > second:
                second = i - start
            start = i
    # In lattice noise neighbouring values are about as frequent: none of them is silence.
    return value if longest >= max(3.0, SILENT * row.size) and longest >= 4 * second else math.nan


@_kernel
def mohammadi_rows(
    ordered: Rows, rows: Rows, alpha: Floats, scale: Floats, converged: Flags
) -> None:
    """Mohammadi's block estimator of each row (m, n), as given and in its order, without silent batches.

    Args:
        ordered: the rows sorted.
        rows: the rows.
        alpha: float64 (m,), written; clipped at 2.
        scale: float64 (m,), written.
        converged: bool (m,), written.
    """
    kept = np.empty(rows.shape[1])
    for r in range(rows.shape[0]):
        alpha[r], scale[r], converged[r] = math.nan, math.nan, False
        if not (math.isfinite(ordered[r, 0]) and math.isfinite(ordered[r, -1])):
            continue
        if ordered[r, 0] == ordered[r, -1]:
            continue
        silent, count = _silent(ordered[r]), 0
        for i in range(rows.shape[1]):
            x = np.float64(rows[r, i])
            if x != 0.0 and x != silent:
                kept[count] = x
                count += 1
        length = 10 if count < 400 else 20
        blocks = count // length
        if blocks == 0:
            continue
        logs, block_logs = 0.0, 0.0
        for block in range(blocks):
            total = 0.0
            for i in range(block * length, (block + 1) * length):
                total += kept[i]
                logs += math.log(abs(kept[i]))
            block_logs += math.log(abs(total))
        logs /= blocks * length
        inverse = (block_logs / blocks - logs) / math.log(length)
        alpha[r] = 1.0 / max(inverse, 0.5)
        # E ln|X| = ln s + Euler's constant (1 / alpha - 1).
        scale[r] = math.exp(logs - EULER * (1.0 / alpha[r] - 1.0))
        converged[r] = 0.0 < inverse < math.inf
