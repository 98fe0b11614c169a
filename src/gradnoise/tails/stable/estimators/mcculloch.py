"""Quantile estimator: the ratio of two quantile ranges, looked up in the table of McCulloch (1986), Comm. Stat. Simul. 15.

Biased low near 2: Gaussian series of 200 read 1.916.
"""

import numpy as np

from gradnoise.series import Rows
from gradnoise.tails.stable.estimator import Estimator, TailIndex, quantiles, rescaled

SECONDS = 2e-6  # per series of 600 values

# (q95 - q05) / (q75 - q25) and (q75 - q25) / scale for alpha = 2, 1.9, ..., 0.5.
RATIOS = np.array([2.439, 2.513, 2.610, 2.739, 2.914, 3.150, 3.466, 3.887,
                   4.451, 5.223, 6.314, 7.929, 10.479, 14.894, 23.612, 44.635])  # fmt: skip
SPREADS = np.array([1.908, 1.914, 1.920, 1.926, 1.932, 1.938, 1.945, 1.953,
                    1.963, 1.978, 2.000, 2.035, 2.091, 2.180, 2.324, 2.568])  # fmt: skip


def fit(ordered: Rows, _rows: Rows) -> TailIndex:
    """Index and scale of each sorted row (m, n); beyond the table its end, not converged at 0.5."""
    ordered, units = rescaled(ordered)
    q05, q25, q75, q95 = quantiles(ordered, 0.05, 0.25, 0.75, 0.95)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        width = np.where(q75 - q25 > 0, q75 - q25, np.nan)
        ratio = (q95 - q05) / width
        inside = np.clip(ratio, RATIOS[0], RATIOS[-1])
        # The interval whose lower end is below the ratio or at the table's beginning.
        k = np.clip(np.searchsorted(RATIOS, inside, side="left") - 1, 0, RATIOS.size - 2)
        part = (inside - RATIOS[k]) / (RATIOS[k + 1] - RATIOS[k])
        alpha = 2.0 - 0.1 * (k + part) + 0.0 * units  # NaN where there is no unit
        scale = width * units / (SPREADS[k] + part * (SPREADS[k + 1] - SPREADS[k]))
    return TailIndex(alpha, scale, np.isfinite(alpha) & (ratio <= RATIOS[-1]))


ESTIMATOR = Estimator(fit)
