"""Claims on the tails of the noise: a measure takes a run's evidence and a scope, and returns components."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gradnoise.claims.claim import Claim, each_gradient, once
from gradnoise.claims.evidence import Evidence, at, need
from gradnoise.claims.quantities import Quantity, Ranged, repeated
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.power import Noise
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, Cells, Scope, estimate
from gradnoise.tables.scope import REPEATS_NEEDED
from gradnoise.tails.columns import REJECTED_METHODS
from gradnoise.tails.growth import FOURTH, GROUPS, VARIANCE
from gradnoise.tails.stable.index import DEFAULT

CLOSE = 0.02  # of the tail index to that of Gaussian noise, in batches of as many draws as samples

PAPER_BATCH = 128  # samples: the paper's training batch, for Figure 7, which does not tell its own

LIKELIHOOD = REJECTED_METHODS[-1]  # the paper's estimator

# Shares of rejected coordinates, in points, that "most" and "most of the rest" ask for.
SHARES = {"share_at_2": ("from 1.98 on", 50.0), "share_near_2": ("from 1.8 on", 90.0)}

FEWEST = 5  # rejected series in a repeat, on average, of which there are shares


def tail_index_to_two(run: Evidence, scope: Scope) -> Sequence[Component]:
    """Null minus measured index falls with the batch size, and is below 0.02 in batches of N draws, in every layer.

    It speaks of the shape of resampled noise, never of its variance, which is finite.
    """
    need(len(run.sizes) > 1, "two batch sizes or more")
    gaps = run.statistic("tails", "null_minus_mean", ["batch_size"], method=DEFAULT)
    ends = run.statistic("largest_batch", "null_minus_mean")
    quantities = []
    for layer in gaps.columns.unique("layer"):
        lines = at(gaps, "layer", layer).dropna(axis=1)
        if lines.shape[1] < 2 or layer not in ends:
            continue
        logs = np.log(lines.columns.to_numpy(float))
        logs = logs - logs.mean()
        slope = (lines * logs).sum(axis=1) / float(logs @ logs)
        label = f"{layer}: slope of the gap in log batch size"
        quantities.append(Quantity(label=label, values=slope, most=0, margin=CLOSE))
        label = f"{layer}: gap in batches of as many draws as samples"
        quantities.append(Quantity(label=label, values=ends[layer], most=CLOSE, margin=CLOSE))
    need(bool(quantities), "layers with tail indices")
    return repeated(quantities, scope)


def gap_remark(run: Evidence) -> str:
    """The gap at the largest batch size of the experiment: a number, no verdict."""
    gaps = run.statistic("tails", "null_minus_mean", ["batch_size"], method=DEFAULT)
    last = at(gaps, "batch_size", run.sizes[-1]).mean().to_numpy(float)
    low, high = np.nanmin(last), np.nanmax(last)
    return f"at batch size {run.sizes[-1]} the gap is {low:.2f} to {high:.2f}"


def _grows(run: Evidence, scope: Scope, thresholds: tuple[float, float]) -> Sequence[Component]:
    """Exponent of the kurtosis in the number of samples, of every layer, against two thresholds."""
    exponents = run.statistic("growth", "kurtosis_exponent").dropna(axis=1)
    errors = run.statistic("growth", "kurtosis_error")
    quantities = {
        layer: Quantity(
            label=f"{layer}: exponent of the kurtosis in the number of samples",
            values=exponents[layer],
            most=thresholds[0],
            refuted_above=thresholds[1],
            margin=thresholds[1] - thresholds[0],
        )
        for layer in exponents
    }
    if scope == ARCHITECTURE:
        return repeated(list(quantities.values()), scope)
    # Of these networks: the error is over groups of samples.
    seeds = len(exponents)
    return [
        quantity.component(
            float(exponents[layer].mean()),
            float(np.sqrt((errors[layer] ** 2).sum()) / seeds),
            (GROUPS - 1) * seeds,
        )
        for layer, quantity in quantities.items()
    ]


def finite_variance(run: Evidence, scope: Scope) -> Sequence[Component]:
    """Kurtosis grows slower than that of a law without variance: exponent below 0.6; above 0.85 contradicts."""
    return _grows(run, scope, VARIANCE)


def finite_fourth_moment(run: Evidence, scope: Scope) -> Sequence[Component]:
    """Kurtosis hardly grows: exponent below 0.12; above 0.25, that of a law without fourth moment, contradicts."""
    return _grows(run, scope, FOURTH)


def growth_remark(run: Evidence) -> str:
    """The variance's own exponent, and that of the kurtosis of coordinates that most samples move."""
    rows = run.statistics.get("growth", pd.DataFrame())
    if "variance_exponent" not in rows:
        return ""
    rows = rows[rows["epoch"] == run.epochs[-1]]
    variance = rows.groupby("layer")["variance_exponent"].mean()
    found = (
        f"the variance itself grows with exponents {variance.min():.2f} to {variance.max():.2f} "
        "(0.38 without variance, 0.13 at its edge)"
    )
    rows = rows[rows["dense_coordinates"] > 0]
    if rows.empty:
        return f"{found}; no coordinate is moved by half of the samples: sparse ones grow, too"
    largest = rows.sort_values("dense_kurtosis_exponent").iloc[-1]
    return (
        f"{found}; kurtosis of coordinates moved by half of the samples or more: at most "
        f"{largest['dense_kurtosis_exponent']:.2f} ± {largest['dense_kurtosis_error']:.2f} ({largest['layer']})"
    )


def over_samples(run: Evidence, scope: Scope) -> Noise | None:
    """Of these networks, the samples are all there are."""
    return run.noise(scope) if scope == ARCHITECTURE else None


def most_indices_two(
    run: Evidence, scope: Scope, batch_size: int, method: str
) -> Sequence[Component]:
    """Of layer 1's rejected coordinates, above 50 % have an index within 0.02 of 2, above 90 % within 0.2."""
    layer = run.layers.index[0]
    tables = [
        run.statistic("rejected_tails", name, ["batch_size"], method=method)
        for name in ("series", *SHARES)
    ]
    need((layer, batch_size) in tables[0], "tail indices of the first layer's rejected coordinates")
    series, *shares = (table[layer, batch_size] for table in tables)
    enough = series.mean() >= FEWEST and not shares[0].isna().any()
    need(enough, f"{FEWEST} rejected coordinates of {layer} in every repeat")
    need(run.repeats >= REPEATS_NEEDED, f"{REPEATS_NEEDED} repeats of the draws")
    percentages = 100 * np.stack([share.unstack("repeat").to_numpy(float) for share in shares], -1)
    nothing, same = np.zeros(len(shares)), np.zeros(len(shares), np.int64)
    counted = np.full(len(shares), float(series.mean()))
    cells = Cells(percentages, same, same, counted, nothing, nothing)
    found = estimate(cells, np.eye(len(shares)), scope)
    parts = []
    for (words, least), value, error, degrees in zip(SHARES.values(), *found, strict=True):
        label = f"{layer} at batch size {batch_size}: share of rejected coordinates {words}"
        ranged = Ranged(label=label, least=least, margin=10.0)
        limits = {"lowest": 0.0, "highest": 100.0}
        parts.append(ranged.component(float(value), float(error), float(degrees), **limits))
    return parts


def figure_7_cases(run: Evidence) -> dict[str, tuple[int, str]]:
    """The paper's estimator near its training batch size decides; the other estimator, and other batch sizes."""
    first = min(run.sizes, key=lambda size: abs(np.log(size / PAPER_BATCH)))
    cases = {f"B = {first}": (first, LIKELIHOOD), DEFAULT: (first, DEFAULT)}
    others = [size for size in run.sizes if size != first]
    return cases | {f"B = {size}": (size, LIKELIHOOD) for size in others}


def rejected_remark(run: Evidence) -> str:
    """The same shares of Gaussian series that the test rejects, and the difference."""
    ((size, method), *_) = figure_7_cases(run).values()
    layer, found = run.layers.index[0], []
    for name, (words, _) in SHARES.items():
        ours, theirs = (
            100
            * run.statistic("rejected_tails", column, ["batch_size"], method=method)
            .get((layer, size), pd.Series(np.nan))
            .mean()
            for column in (name, f"null_{name}")
        )
        found.append(f"{words} {theirs:.0f} % (difference {ours - theirs:+.0f} points)")
    return f"of rejected Gaussian series, {method} finds {' and '.join(found)}"


CLAIMS = [
    Claim(
        "finite_variance",
        "The variance of a sample's gradient is finite",
        "gradient noise",
        "paper",
        "exponent of the kurtosis in the number of samples",
        finite_variance,
        about=each_gradient,
        cases=once,
        noise=over_samples,
        remark=growth_remark,
        unit="",
    ),
    Claim(
        "finite_fourth_moment",
        "The fourth moment of a sample's gradient is finite",
        "gradient noise",
        "paper",
        "exponent of the kurtosis in the number of samples",
        finite_fourth_moment,
        about=each_gradient,
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
        remark=gap_remark,
        unit="",
    ),
    Claim(
        "most_indices_two",
        "Of the first layer's rejected coordinates most have a tail index of 2, and most of the rest are close",
        "gradient noise",
        "paper",
        "share of rejected coordinates with an index of 2, and near 2, by maximum likelihood",
        most_indices_two,
        cases=figure_7_cases,
        remark=rejected_remark,
    ),
]
