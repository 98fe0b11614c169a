"""Accuracy of predicted pass rates, speed and accuracy of exact distances; every number beside its alternative.

    python benchmarks/clt.py [SERIES] [LAWS]

Pass rates are held against simulated batch means of laws that the table was not made from, besides gamma's. Exact
distances are held against closed forms, and their time against a Monte Carlo of the same standard error.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from example_laws import convolved, enumerated
from gradnoise.clt.exact.distance import exact_ks
from gradnoise.clt.pass_rate import predicted_pass_rate
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk

Draw = Callable[[np.random.Generator, int, tuple[int, int]], Any]


def added(draw: Callable[[np.random.Generator, tuple[int, int]], Any]) -> Draw:
    """Sums of so many draws, one after another."""

    def total(random: np.random.Generator, batch_size: int, shape: tuple[int, int]) -> Any:
        found = np.zeros(shape)
        for _ in range(batch_size):
            found += draw(random, shape)
        return found

    return total


def difference(shape_number: float) -> Draw:
    """Differences of gamma sums: Laplace noise for 1, products of two Gaussians for 1/2."""
    return lambda random, b, shape: (
        random.standard_gamma(shape_number * b, shape)
        - random.standard_gamma(shape_number * b, shape)
    )


# Skewness and excess kurtosis of one sample, and sums of a batch.
LAWS: dict[str, tuple[float, float, Draw]] = {
    "exponential": (2, 6, lambda random, b, shape: random.standard_gamma(b, shape)),
    "gamma 1/4": (4, 24, lambda random, b, shape: random.standard_gamma(0.25 * b, shape)),
    "gamma 4": (1, 1.5, lambda random, b, shape: random.standard_gamma(4 * b, shape)),
    "Laplace": (0, 3, difference(1)),
    "product of Gaussians": (0, 6, difference(0.5)),
    "logistic": (0, 1.2, added(lambda random, shape: random.logistic(size=shape))),
    "Student t 5": (0, 6, added(lambda random, shape: random.standard_t(5, shape))),
    "Student t 7": (0, 2, added(lambda random, shape: random.standard_t(7, shape))),
    "Student t 10": (0, 1, added(lambda random, shape: random.standard_t(10, shape))),
}


def pass_rates(series: int) -> None:
    worst = {16: 0.0, 64: 0.0}
    print(f"pass rates, {series} series: measured and predicted %, at n = 200 and n = 600")
    for name, (skewness, kurtosis, draw) in LAWS.items():
        for size in (16, 32, 64, 128):
            random = np.random.default_rng([size, len(name)])
            noise = draw(random, size, (series, 600)).astype(np.float32)
            cells = []
            for n in (200, 600):
                measured = 100 * np.mean(shapiro_wilk(noise[:, :n]).pvalue >= 0.05)
                predicted = 100 * float(predicted_pass_rate(skewness, kurtosis, size, n))
                cells.append(f"{measured:5.1f} {predicted:5.1f}")
                kind = 64 if size >= 64 else 16
                worst[kind] = max(worst[kind], abs(predicted - measured))
            print(f"  {name:<21} B = {size:3}:  {cells[0]}   {cells[1]}")
    print(
        f"largest error: {worst[64]:.1f} points for B >= 64 (bar 3), {worst[16]:.1f} below (bar 5)"
    )


def exact_distances() -> None:
    quantiles = -np.log1p(-(np.arange(20_000) + 0.5) / 20_000)
    random = np.random.default_rng(0)
    print("\nexact distances of 20,000 exponential quantiles")
    for size in (16, 64, 1024, 16_384):
        begun = time.process_time()
        found = exact_ks(quantiles, size)
        ours = time.process_time() - begun
        grid = np.linspace(-8, 8, 200_001)
        law = stats.gamma(size).cdf(size + grid * np.sqrt(size))
        truth = np.abs(law - stats.norm.cdf(grid)).max()
        line = f"  B = {size:5}: {found:.6f}, gamma law {truth:.6f}, {1e3 * ours:5.1f} ms"
        if size <= 64:
            # A Monte Carlo's largest gap is off by about 0.5 / sqrt(means): this many give 1e-3.
            begun = time.process_time()
            means = random.choice(quantiles, (250_000, size)).sum(axis=1)
            standard = (means - size * quantiles.mean()) / (quantiles.std() * np.sqrt(size))
            rough = stats.kstest(standard, "norm").statistic
            taken = time.process_time() - begun
            line += f"; Monte Carlo to 1e-3: {rough:.4f}, {taken / ours:.0f} times as long"
        print(line)


def random_laws(laws: int) -> None:
    random = np.random.default_rng(1)
    worst, seconds = 0.0, 0.0
    for _ in range(laws):
        kind, atoms = int(random.integers(4)), int(random.integers(2, 5))
        batch_size = int(random.integers(1, 201 if atoms < 4 else 61))
        if kind == 3:
            counts = random.integers(0, 30, int(random.integers(5, 60)))
            counts[[0, -1]] = 1
            values, expected = np.arange(counts.size, dtype=float), convolved(counts, batch_size)
        else:
            values = random.choice(np.arange(-9.0, 10), atoms, replace=False)
            values += (0.0, 1e-4, 1.0)[kind] * random.random(atoms)
            counts = random.integers(1, 200, atoms)
            expected = enumerated(values, counts, batch_size)
        begun = time.process_time()
        found = exact_ks(np.repeat(values, counts), batch_size)
        seconds += time.process_time() - begun
        worst = max(worst, abs(found - expected))
    print(
        f"\nexact distances of {laws} laws of few values, B from 1 to 200, against enumeration and convolution: "
        f"largest error {worst:.1e} (bar 1e-4), {1e3 * seconds / laws:.0f} ms each"
    )


if __name__ == "__main__":
    random_laws(int(sys.argv[2]) if len(sys.argv) > 2 else 2000)
    pass_rates(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
    exact_distances()
