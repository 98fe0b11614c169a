"""Simulates src/gradnoise/clt/pass_rate.csv: the Shapiro-Wilk test's pass rate over skewness and kurtosis.

    python benchmarks/make_pass_rate_table.py [SERIES]

Noise of given skewness and excess kurtosis is a difference of two gamma variables of equal shape where the
kurtosis is at least 3/2 of the squared skewness (gamma and Laplace sums are members), else a beta variable.
Symmetric laws of one kurtosis may pass up to 6 points apart: for them half of the series are sums of Student's t
with 5 degrees of freedom, the heaviest tails with a finite fourth moment, so that neither is missed by much.
Takes about five minutes on one core.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from gradnoise.clt.pass_rate import COUNTS, KURTOSIS_SHIFTS, LEVELS, SKEWNESS_SHIFTS, TABLE
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk

MOST_SUMMED = 40  # draws of Student's t: sums of more are near the other law
BLOCK = 1 << 21  # numbers drawn at once


def noise(random: np.random.Generator, skewness: float, kurtosis: float, shape: tuple[int, int]):
    """Standardised noise; what no law of the two families has is moved to the nearest kurtosis."""
    excess = kurtosis - 1.5 * skewness**2
    if abs(skewness) < 1e-9 and abs(kurtosis) < 1e-9:
        return random.standard_normal(shape)
    if excess >= -1e-9:
        return _bilateral_gamma(random, skewness, max(kurtosis, 1.5 * skewness**2), shape)
    return _beta(random, skewness, max(kurtosis, skewness**2 - 1.9), shape)


def _bilateral_gamma(random, skewness, kurtosis, shape):
    # Scales c, -d and shape k: k (c^2 + d^2) = 1, 2k (c^3 - d^3) = skewness, 6k (c^4 + d^4) = kurtosis.
    def ratio(r: float) -> float:
        return 4 / 6 * (1 - r**3) ** 2 / ((1 + r**4) * (1 + r**2)) - skewness**2 / kurtosis

    r = 0.0 if ratio(0.0) <= 0 else brentq(ratio, 0.0, 1.0) if skewness else 1.0
    k = 6 * (1 + r**4) / (1 + r**2) ** 2 / kurtosis
    c = 1 / np.sqrt(k * (1 + r**2))
    x = c * random.standard_gamma(k, shape)
    if r > 0:
        x -= c * r * random.standard_gamma(k, shape)
    return x


def _beta(random, skewness, kurtosis, shape):
    # Pearson's type I: its two shape numbers from skewness and kurtosis.
    total = 6 * (kurtosis - skewness**2 + 2) / (3 * skewness**2 - 2 * kurtosis)
    spread = 1 / np.sqrt(1 + 16 * (total + 1) / ((total + 2) ** 2 * skewness**2)) if skewness else 0
    return random.beta(total / 2 * (1 - spread), total / 2 * (1 + spread), shape)


def _student_sums(random, kurtosis, shape):
    # The sum of b draws has an excess kurtosis of 6 / b.
    total = np.zeros(shape)
    for _ in range(round(6 / kurtosis)):
        total += random.standard_t(5, shape)
    return total


def pass_rates(random, skewness, kurtosis, n, series):
    """Share of series that pass at every level, a draw or two never counted as certainty."""
    if skewness == 0 and 6 / MOST_SUMMED <= kurtosis <= 6:
        halves = [
            _shares(lambda shape: noise(random, 0, kurtosis, shape), n, series // 2),
            _shares(lambda shape: _student_sums(random, kurtosis, shape), n, series // 2),
        ]
        return (halves[0] + halves[1]) / 2
    return _shares(lambda shape: noise(random, skewness, kurtosis, shape), n, series)


def _shares(draw, n, series):
    passed = np.zeros(len(LEVELS))
    step = max(1, BLOCK // n)
    for start in range(0, series, step):
        count = min(step, series - start)
        pvalues = shapiro_wilk(draw((count, n)).astype(np.float32)).pvalue
        passed += [(pvalues >= level).sum() for level in LEVELS]
    return (passed + 0.25) / (series + 0.5)


def main() -> None:
    series = int(sys.argv[1]) if len(sys.argv) > 1 else 6000
    lines = [
        f"# benchmarks/make_pass_rate_table.py, {series} series a row (fewer for n above 600), NumPy {np.__version__}",
        "n,skewness_shift,kurtosis_shift," + ",".join(f"pass_{level:g}" for level in LEVELS),
    ]
    for n in COUNTS:
        for i, a in enumerate(SKEWNESS_SHIFTS):
            for j, b in enumerate(KURTOSIS_SHIFTS):
                random = np.random.default_rng([n, i, j])
                skewness, kurtosis = a / np.sqrt(n / 6), b / np.sqrt(n / 24)
                few = series if n <= 600 else max(1000, series * 600 // n)
                rates = pass_rates(random, skewness, kurtosis, n, few)
                lines.append(f"{n},{a:g},{b:g}," + ",".join(f"{rate:.5f}" for rate in rates))
        print(f"n = {n}", flush=True)
    Path(TABLE).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
