"""Claims on the tails of the noise: a measure takes a run's evidence and a scope, and returns components."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.quantities import Quantity, repeated
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.contrasts import ARCHITECTURE, Scope
from gradnoise.claims.scheme.power import Noise
from gradnoise.tails.growth import FOURTH, GROUPS
from gradnoise.tails.stable.index import DEFAULT

CLOSE = 0.02  # of the tail index to that of Gaussian noise, at the largest batch size


def tail_index_to_two(run: Evidence, scope: Scope) -> Sequence[Component]:
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
        slopes.append(
            Quantity(
                label=f"{layer}: slope of the gap in log batch size",
                values=slope,
                most=0,
                margin=CLOSE,
            )
        )
        ends.append(
            Quantity(
                label=f"{layer}: gap at batch size {run.sizes[-1]}",
                values=lines[run.sizes[-1]],
                most=CLOSE,
                margin=CLOSE,
            )
        )
    return repeated([*slopes, *ends], scope)


def finite_fourth_moments(run: Evidence, scope: Scope) -> Sequence[Component]:
    """Kurtosis of the per-sample gradients does not grow with the number of samples: exponent below 0.12.

    The other two parts of the claim are checks of code. An exponent certainly above 0.25, that of a law with
    infinite fourth moment, contradicts.
    """
    exponents = run.statistic("growth", "kurtosis_exponent")
    layers = [layer for layer in run.layers.index if layer in exponents]
    labels = {
        layer: f"{layer}: exponent of the kurtosis in the number of samples" for layer in layers
    }
    margin = FOURTH[1] - FOURTH[0]
    range_: dict[str, Any] = {"most": FOURTH[0], "refuted_above": FOURTH[1], "margin": margin}
    if scope == ARCHITECTURE:
        quantities = [
            Quantity(label=labels[layer], values=exponents[layer], **range_) for layer in layers
        ]
        return repeated(quantities, scope)
    # Of these networks: the error is over groups of samples.
    errors = run.statistic("growth", "kurtosis_error")
    return [
        Component(
            labels[layer],
            float(exponents[layer].mean()),
            float(np.sqrt((errors[layer] ** 2).sum()) / len(errors)),
            (GROUPS - 1) * len(errors),
            **range_,
        )
        for layer in layers
    ]


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


def over_samples(run: Evidence, scope: Scope) -> Noise | None:
    """Of these networks, the samples are all there are."""
    return run.noise(scope) if scope == ARCHITECTURE else None


CLAIMS = [
    Claim(
        "finite_variance",
        "Mini-batch noise has zero mean, the logit gradient is bounded by 1, variance is finite",
        "gradient noise",
        "paper",
        "exponent of the kurtosis in the number of samples",
        finite_fourth_moments,
        cases=once,
        noise=over_samples,
        remark=growth_remark,
        unit="",
    ),
    Claim(
        "tail_index_to_two",
        "The tail index goes to 2 with the batch size",
        "gradient noise",
        "paper",
        "tail index of Gaussian noise minus that of the noise",
        tail_index_to_two,
        cases=once,
        unit="",
    ),
]
