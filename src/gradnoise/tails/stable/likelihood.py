"""Kernel of the maximum-likelihood fit of a symmetric stable law, from a table of its density.

Between the table's indices the density itself is interpolated and not its logarithm: near alpha = 2 the tail is
(2 - alpha) times a power law, which a polynomial follows and whose logarithm it does not.
"""

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from gradnoise.tails.stable.density import LOWEST, RESOLUTION, SPACING, STRETCH

Rows = NDArray[Any]


Floats = NDArray[np.float64]


Flags = NDArray[np.bool_]


WINDOW = 0.35  # half-width of the first search around the start


TOLERANCE = 5e-4  # of the index; parabolic steps leave far less


SECTION = 0.3819660112501051  # of golden section


STEPS = 60


_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


@_kernel
def log_density_row(table: Floats, alpha: float, row: Floats) -> None:
    """Write the log density of index alpha at the table's x: cubic in alpha through four of its densities.

    Args:
        table: as `gradnoise.tails.stable.density.density_table`.
        alpha: LOWEST to 2, 2 excluded.
        row: float64, as long as the table's rows, written.
    """
    place = (alpha - LOWEST) / SPACING
    first = min(max(int(place) - 1, 0), table.shape[0] - 4)
    t = place - first
    a = -(t - 1.0) * (t - 2.0) * (t - 3.0) / 6.0
    b = t * (t - 2.0) * (t - 3.0) / 2.0
    c = -t * (t - 1.0) * (t - 3.0) / 2.0
    d = t * (t - 1.0) * (t - 2.0) / 6.0
    for j in range(row.size):
        value = a * table[first, j] + b * table[first + 1, j]
        row[j] = math.log(value + c * table[first + 2, j] + d * table[first + 3, j])


@_kernel
def interpolate(row: Floats, alpha: float, x: float) -> tuple[float, float]:
    """Log density at x >= 0 and its derivative in ln x: cubic in u with x = STRETCH sinh(u), then a power law."""
    w = x / STRETCH
    root = math.sqrt(w * w + 1.0)
    place = math.log(w + root) / RESOLUTION
    last = row.size - 2
    if place >= last:
        far = math.log(x / (STRETCH * math.sinh(last * RESOLUTION)))
        return row[last] - (1.0 + alpha) * far, -(1.0 + alpha)
    k = int(place)
    t = place - k
    # The density is even, so that the point before the first is the second.
    p, q, r, s = row[abs(k - 1)], row[k], row[k + 1], row[k + 2]
    c1 = 0.5 * (r - p)
    c2 = p - 2.5 * q + 2.0 * r - 0.5 * s
    c3 = 0.5 * (s - p) + 1.5 * (q - r)
    slope = c1 + t * (2.0 * c2 + 3.0 * t * c3)
    # du / d ln x = tanh u.
    return q + t * (c1 + t * (c2 + t * c3)), slope / RESOLUTION * w / root


@_kernel
def _at_scale(row: Floats, alpha: float, x: Floats, log_scale: float) -> tuple[float, float]:
    """Log-likelihood at a scale, and its derivative in the scale's logarithm."""
    total, slope, inverse = 0.0, 0.0, math.exp(-log_scale)
    for i in range(x.size):
        value, derivative = interpolate(row, alpha, x[i] * inverse)
        total += value
        slope -= derivative
    return total - x.size * log_scale, slope - x.size


@_kernel
def _profile(
    table: Floats, row: Floats, alpha: float, x: Floats, log_scale: float
) -> tuple[float, float]:
    """Largest log-likelihood over the scale at an index, and where: secant steps on the derivative."""
    log_density_row(table, alpha, row)
    # Newton's method wants the curvature: a guess that is exact for Gauss and Cauchy, then secants.
    information = 0.5 * alpha * alpha * x.size
    value, slope = _at_scale(row, alpha, x, log_scale)
    for _ in range(STEPS):
        step = min(max(slope / information, -0.5), 0.5)
        if abs(step) < 1e-5:
            break
        log_scale += step
        value, new = _at_scale(row, alpha, x, log_scale)
        curvature = (slope - new) / step
        # Between two points of the interpolated density a secant may be flat; such a one is no guide.
        if curvature > 0.1 * information:
            information = curvature
        slope = new
    return value, log_scale


@_kernel
def _step(
    best: float,
    second: float,
    third: float,
    f1: float,
    f2: float,
    f3: float,
    low: float,
    high: float,
    before: float,
    last: float,
) -> tuple[float, float]:
    """Brent's step before last, updated, and next step: to the parabola's vertex, else a golden section."""
    # Vertex of the parabola through the three points, as p / q with q > 0, which avoids dividing by nearly 0.
    r = (best - second) * (f1 - f3)
    q = (best - third) * (f1 - f2)
    p = (best - third) * q - (best - second) * r
    q = 2.0 * (q - r)
    p = -p if q > 0.0 else p
    q = abs(q)
    # It is trusted inside the interval only, and where it halves the step before last: so steps shrink.
    if abs(p) < abs(0.5 * q * before) and q * (low - best) < p < q * (high - best):
        return last, p / q
    side = (high if best < 0.5 * (low + high) else low) - best
    return side, SECTION * side


@_kernel
def _search(
    table: Floats, row: Floats, x: Floats, low: float, high: float, start: float, log_scale: float
) -> tuple[float, float, float, bool]:
    """Index, log scale and log-likelihood of the maximum in (low, high), after Brent (1973), chapter 5."""
    # The three lowest points so far, f1 <= f2 <= f3; f is minus the profile likelihood, (low, high) brackets its
    # minimum. All three begin at the start, where the parabola is degenerate and a golden section is taken.
    best = second = third = start
    value, best_scale = _profile(table, row, start, x, log_scale)
    f1 = f2 = f3 = -value
    step = before = 0.0
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        if abs(best - middle) <= 2.0 * TOLERANCE - 0.5 * (high - low):
            return best, best_scale, -f1, True
        before, step = _step(best, second, third, f1, f2, f3, low, high, before, step)
        # Two evaluations closer than the tolerance would differ by rounding alone.
        if abs(step) < TOLERANCE:
            step = TOLERANCE if best < middle else -TOLERANCE
        trial = best + step
        value, trial_scale = _profile(table, row, trial, x, best_scale)
        f = -value
        if f <= f1:
            # A better point: the old best becomes the end of the bracket on its side.
            if trial >= best:
                low = best
            else:
                high = best
            third, f3, second, f2, best, f1 = second, f2, best, f1, trial, f
            best_scale = trial_scale
        else:
            # A worse point: it is an end of the bracket itself, and may still be second or third.
            if trial < best:
                low = trial
            else:
                high = trial
            if f <= f2 or second == best:
                third, f3, second, f2 = second, f2, trial, f
            elif f <= f3 or third in (best, second):
                third, f3 = trial, f
    return best, best_scale, -f1, False


@_kernel
def likelihood_rows(
    rows: Rows, table: Floats, alpha: Floats, scale: Floats, converged: Flags, ratio: Floats
) -> None:
    """Maximum-likelihood index and scale of each sorted row (m, n) about its median.

    Args:
        rows: (m, n), each row ascending.
        table: as `gradnoise.tails.stable.density.density_table`.
        alpha: float64 (m,), of the start; overwritten by the estimate, 0.5 to 2.
        scale: float64 (m,), as alpha.
        converged: bool (m,), of the start; overwritten. A fit that ends at 0.5 has not converged.
        ratio: float64 (m,), written: log-likelihood less that of the Gaussian about the same median.
    """
    n = rows.shape[1]
    x, row = np.empty(n), np.empty(table.shape[1])
    for r in range(rows.shape[0]):
        ratio[r] = math.nan
        if not converged[r]:
            alpha[r] = scale[r] = math.nan
            continue
        half = n // 2
        median = 0.5 * (np.float64(rows[r, half]) + np.float64(rows[r, n - 1 - half]))
        squares = 0.0
        for i in range(n):
            x[i] = abs(np.float64(rows[r, i]) - median) / scale[r]
            squares += x[i] * x[i]
        gauss_scale = 0.5 * math.log(0.5 * squares / n)
        gauss = -n * (0.5 * math.log(4.0 * math.pi) + 0.5 + gauss_scale)
        # The profile is flat at both ends of the table, where a search would not start.
        start = min(max(alpha[r], LOWEST + 0.05), 1.95)
        low, high, log_scale = max(start - WINDOW, LOWEST), min(start + WINDOW, 2.0), 0.0
        best, log_scale, value, found = _search(table, row, x, low, high, start, log_scale)
        # At an end of the window the maximum lies beyond.
        while best - low < 4.0 * TOLERANCE and low > LOWEST:
            low, high = max(low - WINDOW, LOWEST), best + 4.0 * TOLERANCE
            best, log_scale, value, found = _search(
                table, row, x, low, high, low + 0.5 * (high - low), log_scale
            )
        while high - best < 4.0 * TOLERANCE and high < 2.0:
            low, high = best - 4.0 * TOLERANCE, min(high + WINDOW, 2.0)
            best, log_scale, value, found = _search(
                table, row, x, low, high, low + 0.5 * (high - low), log_scale
            )
        # The table's last density is the Gaussian; the exact one, at its own scale, is the better of the two.
        if gauss >= value:
            best, log_scale, value = 2.0, gauss_scale, gauss
        alpha[r], ratio[r] = best, value - gauss
        scale[r] *= math.exp(log_scale)
        converged[r] = found and best > LOWEST + 4.0 * TOLERANCE
