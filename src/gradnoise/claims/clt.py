"""Claims on per-sample moments, and what the theorems say of them.

A measure takes a run's evidence, a scope and what its cases say (see `claim.Claim`), and returns components.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gradnoise.claims.claim import Claim, conventions, deciding, each_gradient, once
from gradnoise.claims.evidence import Evidence, Pair, at, need
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.quantities import GAUSSIAN
from gradnoise.claims.scheme.component import Component
from gradnoise.clt.rank_correlation import joint_permutation
from gradnoise.tables.intervals import difference, estimate
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, NETWORKS, Scope

LAYERS = 5  # whose 120 orders can give a p-value below 0.025


def third_moment_orders_layers(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """Mean over networks of Spearman's correlation of rho and passing over layers: below 0.

    By the joint permutation of layers within each network, at the batch size where passing differs most.
    """
    rho = run.statistic("layers", "rho_q50").groupby(level="seed").mean()
    size, passed = _widest(run, batches, column)
    layers = [layer for layer in rho if rho[layer].notna().all() and passed[layer].notna().all()]
    need(len(layers) >= LAYERS, f"{LAYERS} layers or more")
    pairs = [(rho.loc[seed, layers], passed.loc[seed, layers]) for seed in rho.index]
    found = joint_permutation(pairs)
    label = (
        f"mean rank correlation over {len(layers)} layers of {len(pairs)} networks at batch size {size}, "
        f"p = {found.below:.2g}"
    )
    pvalues = found.below, found.above
    return [Component(label, found.correlation, np.nan, most=0.0, pvalues=pvalues)]


def _widest(run: Evidence, batches: int, column: str) -> tuple[int, pd.DataFrame]:
    """The batch size at which layers' percentages differ most, and there the percentages, (seeds, layers)."""
    means = run.last(batches, column).groupby(level="seed").mean()
    by_size = {size: at(means, "batch_size", size) for size in run.sizes}
    spreads = {size: np.ptp(table.mean().dropna()) for size, table in by_size.items()}
    size = max(spreads, key=lambda each: spreads[each])
    return size, by_size[size]


def within_layers(run: Evidence) -> str:
    """Partial correlations over the coordinates of single layers, at the same batch size."""
    count = deciding(run.counts)
    size, _ = _widest(run, count, GAUSSIAN)
    inside = run.statistic("correlations", "partial_spearman_rho", ["batch_size", "batches"])
    means = at(at(inside, "batches", count), "batch_size", size).mean().dropna()
    if not len(means):
        return ""
    ends = (
        f"{means.iloc[k]:.2f} ({means.index[k]})"
        for k in (int(means.argmin()), int(means.argmax()))
    )
    return f"within layers, given scale and sparsity, correlations over coordinates are {' to '.join(ends)}"


def alexnets_and_resnets(experiment: Experiment) -> list[Pair]:
    """Every AlexNet, without and with BatchNorm, beside every residual network."""
    pairs = [
        Pair(wide, narrow)
        for wide in experiment.runs
        for narrow in experiment.runs
        if wide.family == "alexnet"
        and narrow.family == "resnet"
        and not (wide.shares_gradients or narrow.shares_gradients)
    ]
    need(bool(pairs), "an AlexNet and a ResNet in one experiment")
    return pairs


def third_moments_wider(pair: Pair, scope: Scope) -> Sequence[Component]:
    """Log ratio of two networks' spread of rho, 95 % less 5 % quantile, mean over layers: above 0.

    Of these networks, the error is over the choice of coordinates.
    """
    logs = [_log_spread(run, scope) for run in (pair.first, pair.second)]
    ((value, error, degrees),) = difference(*logs).itertuples(index=False)
    if scope != ARCHITECTURE:
        degrees = np.inf
    label = f"log spread of rho, {pair.first.name} minus {pair.second.name}"
    return [Component(label, float(value), float(error), float(degrees), least=0.0, margin=0.1)]


def _log_spread(run: Evidence, scope: Scope) -> pd.DataFrame:
    """Mean over layers and networks, as `intervals.estimate` returns it."""
    spread = run.statistic("layers", "log_rho_spread")
    if scope == ARCHITECTURE:
        return estimate(pd.DataFrame({"spread": spread.mean(axis=1)}), "seed")
    errors = run.statistic("layers", "log_rho_spread_error").to_numpy(float)
    known = np.isfinite(errors)
    error = np.sqrt(np.nansum(errors**2)) / known.sum()
    value = float(np.mean(spread.to_numpy(float)[known]))
    row = {"value": value, "standard_error": error, "degrees": 1e9}
    return pd.DataFrame([row], index=["spread"])


def third_moment_bounded(run: Evidence, scope: Scope) -> Sequence[Component]:
    """Coordinates whose rho exceeds the root of the kurtosis: none."""
    need(scope == NETWORKS, "these networks")
    violations = run.statistic("layers", "inequality_violations").to_numpy(float)
    label = "coordinates whose third moment exceeds the root of the kurtosis"
    return [Component(label, float(np.nansum(violations)), 0.0, most=0.5)]


def tightness(run: Evidence) -> str:
    """How near the inequality is to an equality: over layers and networks."""
    low, middle, high = (
        run.statistic("layers", f"rho_over_root_kurtosis_{q}").to_numpy(float)
        for q in ("q05", "q50", "q95")
    )
    return (
        f"the third moment is {np.nanmin(middle):.2f} to {np.nanmax(middle):.2f} of the root of the kurtosis "
        f"(medians of layers; 5 to 95 % of coordinates: {np.nanmin(low):.2f} to {np.nanmax(high):.2f})"
    )


def distance_bounded(run: Evidence, scope: Scope) -> Sequence[Component]:
    """Exact Kolmogorov distances that exceed the Berry-Esseen bound: none, over layers and batch sizes."""
    need(scope == NETWORKS, "these networks")
    violations = run.statistic("clt", "violations", ["batch_size"]).to_numpy(float)
    counted = run.statistic("clt", "exact_count", ["batch_size"]).to_numpy(float)
    need(bool(np.nansum(counted)), "exact distances, for which per-sample gradients must be stored")
    label = f"exact distances above their bound, of {np.nansum(counted):,.0f}"
    return [Component(label, float(np.nansum(violations)), 0.0, most=0.5)]


def slack(run: Evidence) -> str:
    """By how much the bound exceeds the distance: a range over layers and networks for every batch size."""
    middle = run.statistic("clt", "exact_over_bound_q50", ["batch_size"])
    found = []
    for size in run.sizes:
        ratios = 1 / at(middle, "batch_size", size).to_numpy(float)
        found.append(f"{np.nanmin(ratios):.1f} to {np.nanmax(ratios):.1f} at {size}")
    return "bound over distance, medians of layers: " + ", ".join(found)


CLAIMS = [
    Claim(
        "third_moment_orders_layers",
        "Layers with a larger third moment are less Gaussian",
        "gradient noise",
        "paper",
        "rank correlation over layers of the median third moment and the percentage",
        third_moment_orders_layers,
        cases=conventions,
        remark=within_layers,
        unit="",
    ),
    Claim(
        "alexnet_third_moments_wider",
        "AlexNet's third moments spread wider than ResNet's",
        "gradient noise",
        "paper",
        "log ratio of the spread of third moments",
        third_moments_wider,
        about=alexnets_and_resnets,
        cases=once,
        unit="",
    ),
    Claim(
        "third_moment_bounded",
        "The third moment is at most the root of the kurtosis (a check of code)",
        "instrument",
        "paper",
        "coordinates that violate the inequality",
        third_moment_bounded,
        about=each_gradient,
        cases=once,
        remark=tightness,
        unit="coordinates",
    ),
    Claim(
        "distance_bounded",
        "The distance to the Gaussian is within Berry and Esseen's bound (a check of code)",
        "instrument",
        "paper",
        "exact distances that violate the bound",
        distance_bounded,
        about=each_gradient,
        cases=once,
        remark=slack,
        unit="distances",
    ),
]
