"""Claims on the tails of the noise: a measure takes a run's evidence, and returns families of components."""

import numpy as np
import pandas as pd

from gradnoise.claims.decision import Claim, once
from gradnoise.claims.evidence import Contrast, Evidence, need, simultaneous
from gradnoise.claims.verdicts import Families, components
from gradnoise.tables.intervals import unit
from gradnoise.tails.growth import FOURTH, GROUPS
from gradnoise.tails.stable.index import DEFAULT

CLOSE = 0.02  # of the tail index to that of Gaussian noise, at the largest batch size


def tail_index_to_two(run: Evidence) -> Families:
    """Null minus measured index falls with the batch size, and is below 0.02 at the largest.

    It speaks of the shape of resampled noise, never of its variance, which is finite.
    """
    need(len(run.sizes) > 1, "two batch sizes or more")
    gaps = run.statistic("tails", "null_minus_mean", ["batch_size"], method=DEFAULT)
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


def finite_fourth_moments(run: Evidence) -> Families:
    """Kurtosis of the per-sample gradients does not grow with the number of samples: exponent below 0.12.

    The other two parts of the claim are checks of code. An exponent certainly above 0.25, that of a law with
    infinite fourth moment, contradicts.
    """
    exponents = run.statistic("growth", "kurtosis_exponent")
    layers = [layer for layer in run.layers.index if layer in exponents]
    labels = {
        layer: f"{layer}: exponent of the kurtosis in the number of samples" for layer in layers
    }
    if unit(len(run.seeds)) == "seed":
        contrasts = [
            Contrast(labels[layer], exponents[layer], most=FOURTH[0], refuted_above=FOURTH[1])
            for layer in layers
        ]
        return [simultaneous(contrasts)]
    # Too few networks for an interval over them: that of these networks, over groups of samples.
    errors = run.statistic("growth", "kurtosis_error")
    rows = pd.DataFrame(
        {
            "value": [exponents[layer].mean() for layer in layers],
            "standard_error": [
                np.sqrt((errors[layer] ** 2).sum()) / len(errors) for layer in layers
            ],
            "degrees": (GROUPS - 1) * len(errors),
        },
        index=pd.Index([labels[layer] for layer in layers]),
    )
    limits = pd.DataFrame({"most": FOURTH[0], "refuted_above": FOURTH[1]}, index=rows.index)
    return [components(rows, limits)]


def growth_remark(run: Evidence) -> str:
    """Largest exponent among coordinates that most samples move: sparse ones grow until they are seen."""
    rows = run.statistics.get("growth", pd.DataFrame())
    if "dense_kurtosis_exponent" not in rows:
        return ""
    rows = rows[(rows["epoch"] == run.epochs[-1]) & (rows["dense_coordinates"] > 0)]
    if rows.empty:
        return "no coordinate is moved by half of the samples: sparse coordinates grow, too"
    largest = rows.sort_values("dense_kurtosis_exponent").iloc[-1]
    return (
        f"coordinates moved by half of the samples or more: at most "
        f"{largest['dense_kurtosis_exponent']:.2f} ± {largest['dense_kurtosis_error']:.2f} ({largest['layer']})"
    )


CLAIMS = [
    Claim(
        "finite_variance",
        "Mini-batch noise has zero mean, the logit gradient is bounded by 1, variance is finite",
        "paper",
        finite_fourth_moments,
        cases=once,
        remark=growth_remark,
        measured_in="",
    ),
    Claim(
        "tail_index_to_two",
        "The tail index goes to 2 with the batch size",
        "paper",
        tail_index_to_two,
        cases=once,
        measured_in="",
    ),
]
