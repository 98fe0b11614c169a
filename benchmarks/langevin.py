"""Seconds for all fits of many projections on one core, against straightforward NumPy in the same run.

python benchmarks/langevin.py [projections] [steps]
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import sys
import time

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from gradnoise.langevin.estimation.projection_fits import fit_projections

SUBSET = 20
LAGS = 20


@numba.njit
def second_order(noise: NDArray, first: NDArray, second: NDArray) -> None:
    for t in range(2, noise.shape[0]):
        for i in range(noise.shape[1]):
            noise[t, i] += first[i] * noise[t - 1, i] + second[i] * noise[t - 2, i]


def simulated(projections: int, steps: int) -> NDArray[np.float32]:
    """Half SGD and half heavy ball, eta h from 0.001 to 1."""
    values = np.random.default_rng(0).standard_normal((steps, projections), np.float32)
    momentum = np.where(np.arange(projections) % 2, 0.9, 0.0)
    relaxation = np.geomspace(1e-3, 1, projections)
    second_order(
        values, (1 + momentum - relaxation).astype(np.float32), -momentum.astype(np.float32)
    )
    return values


def regression(x: NDArray, order: int) -> tuple[float, NDArray, NDArray]:
    design = np.column_stack(
        [np.ones(x.size - 2), *[x[2 - k : x.size - k] for k in range(1, order + 1)]]
    )
    coefficients = np.linalg.lstsq(design, x[2:], rcond=None)[0]
    residuals = x[2:] - design @ coefficients
    bic = residuals.size * np.log(residuals @ residuals / residuals.size) + order * np.log(
        residuals.size
    )
    return bic, coefficients, residuals


def correlations(x: NDArray) -> NDArray:
    x = x - x.mean()
    size = 2 ** int(np.ceil(np.log2(2 * x.size)))
    found = np.fft.irfft(abs(np.fft.rfft(x, size)) ** 2)[: x.size]
    return found / found[0]


def correlation_time(x: NDArray) -> float:
    times = 2 * np.cumsum(correlations(x)) - 1
    return times[np.argmax(np.arange(x.size) >= 5 * times)]


def plainly(x: NDArray) -> tuple[float, ...]:
    """The same fits of one column by np.linalg.lstsq and np.fft."""
    x = x.astype(np.float64)
    fits = [regression(x, order) for order in range(3)]
    order = int(np.argmin([fit[0] for fit in fits]))
    residuals = fits[order][2]
    rho = correlations(residuals)[1 : LAGS + 1]
    pairs = residuals.size - np.arange(1, LAGS + 1)
    box = gammaincc((LAGS - order) / 2, residuals.size**2 * (rho**2 / pairs).sum() / 2)
    third, halves = x.size // 3, x[: x.size // 2 * 2].reshape(2, -1)
    hat = np.sqrt(1 + halves.mean(1).var(ddof=1) / halves.var(1, ddof=1).mean())
    return box, hat, *[correlation_time(part) for part in (x, x[:third], x[-third:])]


def main() -> None:
    projections, steps = [int(n) for n in sys.argv[1:]] or (1000, 50_000)
    trajectory = simulated(projections, steps)
    fit_projections(trajectory[:100, :2])
    start = time.process_time()
    fits = fit_projections(trajectory)
    ours = time.process_time() - start
    print(
        f"{projections} projections x {steps} steps: {ours:.2f} s, orders {np.bincount(fits.order)}"
    )
    start = time.process_time()
    times = [
        plainly(trajectory[:, i])[2] for i in range(0, projections, max(1, projections // SUBSET))
    ]
    theirs = (time.process_time() - start) / len(times) * projections
    print(
        f"plain NumPy, from {len(times)} of them: {theirs:.2f} s, {theirs / ours:.1f} times as long"
    )


if __name__ == "__main__":
    main()
