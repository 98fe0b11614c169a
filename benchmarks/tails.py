"""Error and speed of the tail-index estimators, beside SciPy's and, where it is installed, pylevy's.

    python benchmarks/tails.py [SERIES]

Errors are over SERIES (4,000) series of every cell of the table that the estimators are held to, a quarter of it
for maximum likelihood. Speeds are of one thread at n = 600, in processor time, the least of several runs. pylevy is
GPL-3: it is run as a program of its own on a file of samples, never imported here.
"""

import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from scipy.stats import levy_stable

from gradnoise.tails.stable.density import sample_stable
from gradnoise.tails.stable.index import tail_index, warm

METHODS: tuple[str, ...] = ("mohammadi", "mcculloch", "ecf", "ml")
EXPECTED = {
    (1.2, 200): (0.20, 0.118, 0.123, 0.096),
    (1.5, 200): (0.25, 0.159, 0.125, 0.113),
    (1.8, 200): (0.23, 0.158, 0.103, 0.105),
    (2.0, 200): (0.23, 0.145, 0.033, 0.027),
    (1.5, 600): (0.17, 0.086, 0.073, 0.070),
    (1.8, 600): (0.17, 0.114, 0.061, 0.060),
    (2.0, 600): (0.157, 0.097, 0.015, 0.011),
}
PYLEVY = """
import sys, time
import numpy as np
import levy
for n, row in enumerate(np.load(sys.argv[1])):
    start = time.process_time()
    fit = levy.fit_levy(row, beta=0.0)[0].get("0")
    print(fit[0], time.process_time() - start)
"""


def error(found: np.ndarray, alpha: float) -> float:
    return math.sqrt(np.mean((found - alpha) ** 2))


def errors(series: int) -> None:
    print(f"root mean square error of alpha over {series} series ({series // 4} for ml),")
    print("and its ratio to the expected one (bar: 1.15 at most); bias of ecf (bar: 0.02)")
    print(f"{'alpha':>5} {'n':>4}" + "".join(f" {name:>16}" for name in METHODS) + "  ecf bias")
    worst = 0.0
    for (alpha, n), expected in EXPECTED.items():
        samples = sample_stable(np.random.default_rng(1), alpha, (series, n))
        cells = []
        for method, reference in zip(METHODS, expected, strict=True):
            count = series // 4 if method == "ml" else series
            found = tail_index(samples[:count], method=method).alpha
            cells.append(f" {error(found, alpha):8.4f} ({error(found, alpha) / reference:4.2f})")
            worst = max(worst, error(found, alpha) / reference)
        bias = tail_index(samples).alpha.mean() - alpha
        print(f"{alpha:5} {n:4}" + " ".join(cells) + f"  {bias:+.4f}")
    print(f"largest ratio {worst:.3f}")


def least(repeats: int, samples: np.ndarray, method: str) -> float:
    """Least processor time of a series, microseconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        tail_index(samples, method=method)
        times.append(time.process_time() - start)
    return 1e6 * min(times) / len(samples)


def speed(n: int = 600) -> None:
    print(f"\nmicroseconds a coordinate, n = {n}, float32, one thread (bars: ecf 20, ml 2000)")
    print(
        f"{'alpha':>5}" + "".join(f" {name:>10}" for name in METHODS) + f" {'SciPy fitstart':>15}"
    )
    for alpha in (1.5, 1.8, 2.0):
        samples = sample_stable(np.random.default_rng(2), alpha, (4000, n)).astype(np.float32)
        ours = [least(3, samples[: 300 if name == "ml" else 4000], name) for name in METHODS]
        start = time.process_time()
        scipy = [levy_stable._fitstart(row.astype(float))[0] for row in samples[:200]]
        seconds = (time.process_time() - start) / 200
        print(f"{alpha:5}" + "".join(f" {value:10.2f}" for value in ours) + f" {1e6 * seconds:15.0f}"
              f"   SciPy over ecf {1e6 * seconds / ours[2]:.0f}, its error {error(np.array(scipy), alpha):.3f}")  # fmt: skip


def pylevy(n: int = 600, count: int = 20) -> None:
    found = subprocess.run([sys.executable, "-c", "import levy"], capture_output=True)
    if found.returncode:
        print("\npylevy: not installed here (no module named levy), not compared")
        return
    print(f"\npylevy as a program of its own, {count} series of n = {n}")
    with tempfile.TemporaryDirectory() as folder:
        for alpha in (1.5, 1.8, 2.0):
            samples = sample_stable(np.random.default_rng(2), alpha, (count, n))
            path = Path(folder) / "samples.npy"
            np.save(path, samples)
            lines = subprocess.check_output([sys.executable, "-c", PYLEVY, str(path)], text=True)
            fits = np.array([line.split() for line in lines.splitlines()], float)
            ours = error(tail_index(samples, method="ml").alpha, alpha)
            print(f"{alpha:5}: {1e6 * fits[:, 1].mean():9.0f} microseconds,"
                  f" error {error(fits[:, 0], alpha):.3f}; ml {ours:.3f}")  # fmt: skip


if __name__ == "__main__":
    warm()
    errors(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
    speed()
    pylevy()
