"""Kernels over rows: the closed-form estimators of a symmetric stable law's index and scale.

All in one file, because Numba's cache of compiled code does not see changes in other files.
"""

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]


Floats = NDArray[np.float64]


Flags = NDArray[np.bool_]


STEP = 0.2  # of the arguments of the characteristic function, in units of 1 / scale


POINTS = 5


SILENT = (
    0.05  # share of the samples from which on a repeated value may be that of a silent mini-batch
)


EULER = 0.5772156649015329


# Ratios of successive Taylor coefficients: with eight of them good to 1e-11 on [-pi/2, pi/2].
SINE = tuple(1.0 / (2 * k * (2 * k + 1)) for k in range(1, 9))


COSINE = tuple(1.0 / (2 * k * (2 * k - 1)) for k in range(1, 9))


# McCulloch's (q95 - q05) / (q75 - q25) and (q75 - q25) / scale for alpha = 2, 1.9, ..., 0.5.
RATIOS = np.array([2.439, 2.513, 2.610, 2.739, 2.914, 3.150, 3.466, 3.887,
                   4.451, 5.223, 6.314, 7.929, 10.479, 14.894, 23.612, 44.635])  # fmt: skip


SPREADS = np.array([1.908, 1.914, 1.920, 1.926, 1.932, 1.938, 1.945, 1.953,
                    1.963, 1.978, 2.000, 2.035, 2.091, 2.180, 2.324, 2.568])  # fmt: skip


_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


# Reassociation lets sums use vector registers; NaN and infinity keep their meaning.
_sums_kernel = numba.njit(
    nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"}
)


@_kernel
def _quantile(row: Rows, share: float) -> float:
    """Quantile of a sorted row, linear between order statistics (NumPy's default)."""
    place = share * (row.size - 1)
    below = min(int(place), row.size - 2)
    low, high = np.float64(row[below]), np.float64(row[below + 1])
    return low + (place - below) * (high - low)


@_kernel
def _prepare(row: Rows) -> float:
    """Factor by which a sorted row's differences must be multiplied: NaN where it has no finite range.

    A row whose squares or reciprocals could leave float64's range is brought to its middle, in place.
    """
    first, last = np.float64(row[0]), np.float64(row[-1])
    if not (math.isfinite(first) and math.isfinite(last) and first < last):
        return math.nan
    factor = 1.0
    if max(-first, last) > 1e100:
        factor = 2.0**-600
    elif last - first < 1e-100:
        factor = 2.0**600
    if factor != 1.0:
        for i in range(row.size):
            row[i] *= factor
    return 1.0 / factor


@_sums_kernel
def _series(q: float, ratios: tuple[float, ...]) -> float:
    """1 - q / r1 (1 - q / r2 (1 - ...)), which is sin(h) / h or cos(h) at q = h^2."""
    total = 1.0
    for ratio in ratios[::-1]:
        total = 1.0 - q * ratio * total
    return total


@_sums_kernel
def _waves(angles: Floats, cosines: Floats, sines: Floats) -> None:
    """Sums of cos(k angle) and sin(k angle) over the angles, which lie within 1e8, for k = 1 to POINTS."""
    c1, c2, c3, c4, c5 = 0.0, 0.0, 0.0, 0.0, 0.0
    s1, s2, s3, s4, s5 = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(angles.size):
        turns = np.rint(angles[i] * 0.15915494309189535)
        # 2 pi in two parts, so that the difference keeps its digits; then half of it.
        h = 0.5 * ((angles[i] - turns * 6.28318530716838) - turns * 1.2062053785862e-12)
        q = h * h
        s, c = h * _series(q, SINE), _series(q, COSINE)
        sine = 2.0 * s * c
        double = 2.0 - 4.0 * s * s  # 2 cos(angle)
        cosine = 0.5 * double
        cosine2, sine2 = double * cosine - 1.0, double * sine
        cosine3, sine3 = double * cosine2 - cosine, double * sine2 - sine
        cosine4, sine4 = double * cosine3 - cosine2, double * sine3 - sine2
        c1 += cosine
        s1 += sine
        c2 += cosine2
        s2 += sine2
        c3 += cosine3
        s3 += sine3
        c4 += cosine4
        s4 += sine4
        c5 += double * cosine4 - cosine3
        s5 += double * sine4 - sine3
    cosines[0], cosines[1], cosines[2], cosines[3], cosines[4] = c1, c2, c3, c4, c5
    sines[0], sines[1], sines[2], sines[3], sines[4] = s1, s2, s3, s4, s5


@_kernel
def _regress(cosines: Floats, sines: Floats, n: int) -> tuple[float, float]:
    """Index and scale from ln(-ln psi(t)) = ln 2 + alpha ln s + alpha ln t; NaN where psi is not in (0, 1)."""
    mean_x, mean_y, xx, xy = 0.0, 0.0, 0.0, 0.0
    for k in range(POINTS):
        psi = (cosines[k] / n) ** 2 + (sines[k] / n) ** 2
        if not 0.0 < psi < 1.0:
            return math.nan, math.nan
        x, y = math.log(STEP * (k + 1)), math.log(-math.log(psi))
        mean_x += x / POINTS
        mean_y += y / POINTS
        xx += x * x
        xy += x * y
    alpha = (xy - POINTS * mean_x * mean_y) / (xx - POINTS * mean_x * mean_x)
    if not alpha > 0.0:
        return math.nan, math.nan
    alpha = min(alpha, 2.0)
    return alpha, math.exp((mean_y - math.log(2.0)) / alpha - mean_x)


@_kernel
def ecf_rows(rows: Rows, alpha: Floats, scale: Floats, converged: Flags) -> None:
    """Empirical characteristic function's index and scale of each sorted row (m, n); NaN where undefined."""
    n = rows.shape[1]
    angles, cosines, sines = np.empty(n), np.empty(POINTS), np.empty(POINTS)
    for r in range(rows.shape[0]):
        row = rows[r]
        unit = _prepare(row)
        width = (_quantile(row, 0.72) - _quantile(row, 0.28)) / 1.654
        alpha[r], scale[r] = math.nan, math.nan
        if math.isfinite(unit) and width > 0.0:
            median, factor = _quantile(row, 0.5), STEP / width
            for i in range(n):
                angles[i] = (np.float64(row[i]) - median) * factor
            if max(-angles[0], angles[n - 1]) > 1e8:
                for i in range(n):
                    angles[i] = np.fmod(angles[i], 2.0 * math.pi)
            _waves(angles, cosines, sines)
            alpha[r], scale[r] = _regress(cosines, sines, n)
            scale[r] *= width * unit
        converged[r] = math.isfinite(alpha[r]) and math.isfinite(scale[r])


@_kernel
def mcculloch_rows(rows: Rows, alpha: Floats, scale: Floats, converged: Flags) -> None:
    """McCulloch's index and scale of each sorted row (m, n); beyond the table its end, not converged at 0.5."""
    for r in range(rows.shape[0]):
        row = rows[r]
        unit = _prepare(row)
        width = _quantile(row, 0.75) - _quantile(row, 0.25)
        alpha[r], scale[r], converged[r] = math.nan, math.nan, False
        if not (math.isfinite(unit) and width > 0.0):
            continue
        ratio = (_quantile(row, 0.95) - _quantile(row, 0.05)) / width
        last = RATIOS.size - 1
        converged[r] = ratio <= RATIOS[last]
        ratio = min(max(ratio, RATIOS[0]), RATIOS[last])
        k = 0
        while k < last - 1 and ratio > RATIOS[k + 1]:
            k += 1
        part = (ratio - RATIOS[k]) / (RATIOS[k + 1] - RATIOS[k])
        alpha[r] = 2.0 - 0.1 * (k + part)
        scale[r] = width * unit / (SPREADS[k] + part * (SPREADS[k + 1] - SPREADS[k]))


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
