"""Simulate the expected percentages of the instrument check with SciPy's Shapiro-Wilk test.

    python benchmarks/make_calibration_reference.py [SERIES]

rewrites src/gradnoise/calibration/reference.csv (about five minutes of one core at the default 40,000 series).
Gradnoise's own test is not used; its samplers are, on random numbers other than the stage's. Standard
errors are binomial, with one count added so that a share of zero is not taken as exact.
"""

import csv
import math
import sys

import numpy as np
from scipy.stats import shapiro

from gradnoise.calibration.checks import REFERENCE
from gradnoise.calibration.laws import LAWS

BATCHES = (50, 100, 200, 300, 400, 600, 1000, 2000)
SIGNIFICANCES = (0.01, 0.05, 0.1)
CHUNK = 2000


def pvalues(name: str, batch_size: int, series: int) -> dict[int, np.ndarray]:
    """p-values by number of batches, each of the first n values of the same series in float32."""
    law = LAWS[name]
    random = np.random.default_rng([2109, 9833, batch_size, *name.encode()])
    found: dict[int, list[np.ndarray]] = {n: [] for n in BATCHES}
    for _ in range(series // law.cost // CHUNK):
        noise = law.sample(random, batch_size, (CHUNK, max(BATCHES))).astype(np.float32)
        for n in BATCHES:
            found[n].append(shapiro(noise[:, :n].astype(np.float64), axis=1).pvalue)
    return {n: np.concatenate(parts) for n, parts in found.items()}


def main() -> None:
    series = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    rows = []
    for name, law in LAWS.items():
        for batch_size in law.batch_sizes:
            for n, values in pvalues(name, batch_size, series).items():
                for significance in SIGNIFICANCES:
                    share, count = float(np.mean(values >= significance)), values.size
                    error = math.sqrt(share * (1 - share) / count + 1 / count**2)
                    rows.append(
                        {
                            "distribution": name,
                            "batch_size": batch_size,
                            "n": n,
                            "significance": significance,
                            "percentage": round(100 * share, 4),
                            "standard_error": round(100 * error, 4),
                            "series": count,
                        }
                    )
            print(name, batch_size, flush=True)
    with REFERENCE.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
