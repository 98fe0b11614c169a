"""Empirical characteristic function phi: ln(-ln |phi(t)|^2) = ln 2 + alpha ln s + alpha ln t, after Koutrouvelis (1980), JASA 75.

A regression on ln t over t = 0.2, 0.4, ..., 1 over the scale; alpha at most 2. It has no lower end, and below 0.5 no meaning.
"""

import math

import numba
import numpy as np

from gradnoise.series import Rows
from gradnoise.tails.stable.estimator import Estimator, Floats, TailIndex, quantiles, rescaled

SECONDS = 4e-6  # per series of 600 values

STEP = 0.2  # of the arguments of the characteristic function, in units of 1 / scale
POINTS = 5

# Ratios of successive Taylor coefficients: with eight of them good to 1e-11 on [-pi/2, pi/2].
SINE = tuple(1.0 / (2 * k * (2 * k + 1)) for k in range(1, 9))
COSINE = tuple(1.0 / (2 * k * (2 * k - 1)) for k in range(1, 9))

_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")

# Reassociation lets sums use vector registers; NaN and infinity keep their meaning. Inlined: of a function that is
# called, the process that compiles runs another copy than those that load.
_sums_kernel = numba.njit(
    nogil=True,
    cache=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "nsz"},
    forceinline=True,
)


def fit(ordered: Rows, _rows: Rows) -> TailIndex:
    """Index and scale of each sorted row (m, n); NaN where the characteristic function has left (0, 1)."""
    ordered, units = rescaled(ordered)
    q28, median, q72 = quantiles(ordered, 0.28, 0.5, 0.72)
    with np.errstate(invalid="ignore"):
        # These quantiles of a stable law are 1.654 scales apart, whatever its index (Fama and Roll, 1968).
        width = np.where(np.isfinite(units), (q72 - q28) / 1.654, np.nan)
    alpha, relative = np.empty((2, len(ordered)))
    ecf_rows(ordered, median, width, alpha, relative)
    scale = relative * (width * units)
    return TailIndex(alpha, scale, np.isfinite(alpha) & np.isfinite(scale))


ESTIMATOR = Estimator(fit)


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
        # One sine and cosine; the multiples' follow by Chebyshev's recurrence, in registers.
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
def ecf_rows(rows: Rows, median: Floats, width: Floats, alpha: Floats, scale: Floats) -> None:
    """Index and scale, in units of the width, of each sorted row (m, n); NaN without a width or a regression.

    Args:
        rows: (m, n), each row ascending.
        median, width: (m,), where to centre, and a first scale.
        alpha, scale: float64 (m,), written.
    """
    n = rows.shape[1]
    angles, cosines, sines = np.empty(n), np.empty(POINTS), np.empty(POINTS)
    for r in range(rows.shape[0]):
        alpha[r], scale[r] = math.nan, math.nan
        if not width[r] > 0.0:
            continue
        row, middle, factor = rows[r], median[r], STEP / width[r]
        for i in range(n):
            angles[i] = (np.float64(row[i]) - middle) * factor
        # `_waves` reduces angles by subtraction, which keeps digits within 1e8 only.
        if max(-angles[0], angles[n - 1]) > 1e8:
            for i in range(n):
                angles[i] = np.fmod(angles[i], 2.0 * math.pi)
        _waves(angles, cosines, sines)
        alpha[r], scale[r] = _regress(cosines, sines, n)
