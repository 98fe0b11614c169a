"""Seconds for an ensemble of SGD on a network of depth 1, against plain NumPy in the same run.

python benchmarks/balance.py [replicas] [steps]
"""

import sys
import time

import numpy as np
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.balance import sample_diagonal
from gradnoise.balance.ensembles import warm

RATE, NOISE = 1 / 900, 30.0
SHARE = 20  # of the steps, for NumPy


def plainly(replicas: int, steps: int) -> NDArray[np.float64]:
    """The same SGD at its best in NumPy: bits for signs, in place, all replicas at once and in the cache."""
    random = np.random.default_rng(0)
    u, v, signs = np.ones(replicas), np.empty(replicas), np.empty(replicas)
    for step in range(steps):
        if step % 8 == 0:
            drawn = random.integers(0, 256, replicas, np.uint8)
        np.multiply(drawn & 1, 2 * NOISE, out=signs)
        drawn >>= 1
        np.multiply(u, u, out=v)
        v -= signs
        v += NOISE - 1
        v *= -RATE
        v += 1
        u *= v
    return u * u


def main() -> None:
    replicas, steps = [int(n) for n in sys.argv[1:]] or (10_000, 100_000)
    warm()
    start, busy = time.perf_counter(), time.process_time()
    v = sample_diagonal(1, RATE, 1, steps, replicas, seed=0, label_noise=NOISE)
    ours, busy = time.perf_counter() - start, time.process_time() - busy
    print(
        f"{replicas} replicas x {steps} steps: {ours:.2f} s on {stage.available_threads()} threads, {busy:.2f} s of "
        f"processor time; mean {v.mean():.3f}, variance {v.var():.3f} (exact 0.5, 0.5)"
    )
    start = time.process_time()
    plainly(replicas, steps // SHARE)
    theirs = (time.process_time() - start) * SHARE
    print(
        f"plain NumPy, from 1/{SHARE} of the steps: {theirs:.2f} s, {theirs / busy:.1f} times the processor time"
    )


if __name__ == "__main__":
    main()
