"""What claims on the tails of the noise say of a network.

As in `measurements`: each function takes a run's evidence, a number of batches and the column of a convention,
and returns families of components.
"""

import numpy as np
import pandas as pd

from gradnoise.evidence import Contrast, Evidence, NotTestableError, simultaneous
from gradnoise.growth import FINITE, INFINITE
from gradnoise.intervals import difference, estimate
from gradnoise.measurements import Families
from gradnoise.verdicts import Component, components

CLOSE = 0.02  # of the tail index to that of Gaussian noise, at the largest batch size


def tail_index_to_two(run: Evidence, batches: int, column: str) -> Families:
    """Null minus measured index falls with the batch size, and is below 0.02 at the largest.

    It speaks of the shape of resampled noise, never of its variance, which is finite.
    """
    if len(run.sizes) < 2:
        raise NotTestableError("needs two batch sizes or more")
    gaps = run.statistic("tails", "null_minus_mean", ["batch_size"])
    logs = np.log(run.sizes)
    slopes, ends = [], []
    for layer in run.layers.index:
        lines = gaps[layer][run.sizes]
        slope = (lines * (logs - logs.mean())).sum(axis=1, skipna=False)
        slope = slope / float(((logs - logs.mean()) ** 2).sum())
        slopes.append(Contrast(f"{layer}: slope of the gap in log batch size", slope, most=0))
        ends.append(
            Contrast(
                f"{layer}: gap at batch size {run.sizes[-1]}", lines[run.sizes[-1]], most=CLOSE
            )
        )
    return [simultaneous(slopes), simultaneous(ends)]


def finite_fourth_moments(run: Evidence, batches: int, column: str) -> Families:
    """Kurtosis of the per-sample gradients does not grow with the number of samples: exponent below 0.1.

    The other two parts of the claim are checks of code. An exponent certainly above 0.25, that of a law with
    infinite fourth moment, contradicts.
    """
    exponents = run.statistic("growth", "kurtosis_exponent")
    return [
        simultaneous(
            [
                Contrast(
                    f"{layer}: exponent of the kurtosis in the number of samples",
                    exponents[layer],
                    most=FINITE,
                    refuted_above=INFINITE,
                )
                for layer in run.layers.index
                if layer in exponents
            ]
        )
    ]


def third_moments_wider(first: Evidence, second: Evidence) -> list[Component]:
    """Log ratio of two networks' spread of rho, 95 % minus 5 % quantile, mean over layers: above 0."""
    logs = []
    for run in (first, second):
        spread = run.statistic("layers", "rho_q95") - run.statistic("layers", "rho_q05")
        logs.append(estimate(pd.DataFrame({"spread": np.log(spread).mean(axis=1)})))
    rows = difference(*logs)
    rows.index = pd.Index([f"log spread of rho, {first.name} minus {second.name}"])
    return components(rows, pd.DataFrame({"least": [0.0]}))
