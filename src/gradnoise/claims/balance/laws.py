"""Claims on noise balance and exact stationary laws: Ziyin, Li and Ueda, arXiv:2308.06671."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from gradnoise.claims.balance.ensembles import Ensembles, of_study
from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import need
from gradnoise.claims.scheme.component import LEVEL, Component
from gradnoise.tables.moderated.contrasts import Scope

AGREEMENT, NORMS, THRESHOLD = (
    0.1,
    0.02,
    0.03,
)  # of decay rates, norms' ratios, the transition's place
DECAYS, JUDGED, CROSSED = 20, 20_000, 10_000  # replicas that are needed
KOLMOGOROV = 1.36  # half a 95 % band times the root of the replicas
NEAR, FAR = 0.03, 0.01  # distances that support below, and contradict above
HOT = 3.0  # temperatures over the critical one at which collapse is looked for
KEPT, COLLAPSED = 0.1, 1e-6  # of the median: over the exact one at depth 2, itself at depth 1
BALANCED, UNBALANCED = 1e-3, 0.99  # shares that cross


def balanced(subject: Ensembles, scope: Scope) -> Sequence[Component]:
    """Decay rate and norms' ratio over what the law says."""
    decay, fixed = subject.tables["decay"].iloc[0], subject.tables["fixed_points"]
    need(decay["replicas"] >= DECAYS, f"{DECAYS} replicas")
    parts = [
        _ratio("decay of |u|^2 - |w|^2", decay, "decay", "predicted_decay", AGREEMENT),
    ]
    for _, row in fixed.iterrows():
        label = f"|u|^2/|w|^2, {row['inputs']:.0f} inputs, {row['outputs']:.0f} outputs"
        parts.append(_ratio(label, row, "ratio", "predicted_ratio", NORMS))
    return parts


def exact_laws(subject: Ensembles, scope: Scope) -> Sequence[Component]:
    """Kolmogorov's distance at a step and at half of it: the nearer one contradicts, the further one supports."""
    need(
        subject.replicas >= JUDGED, f"{JUDGED:,} replicas (balance.replicas: {subject.replicas:,})"
    )
    parts = []
    for (depth, ratio), rows in subject.tables["laws"].groupby(["depth", "ratio"]):
        half = KOLMOGOROV / np.sqrt(rows["replicas"] - rows["diverged"])
        lower, upper = (rows["distance"] - half).min(), (rows["distance"] + half).max()
        parts.append(
            Component(
                f"depth {depth}, T = {ratio:g} Tc: largest Kolmogorov distance",
                float(rows["distance"].max()),
                0.0,
                most=NEAR,
                refuted_above=FAR,
                lowest=0.0,
                margin=NEAR,
                bounds=(float(lower), float(upper)),
                exact=True,
            )
        )
    return parts


def transition(subject: Ensembles, scope: Scope) -> Sequence[Component]:
    """Where ln v stops growing at depth 1, and what is left of v far above."""
    rows = subject.tables["transition"]
    hot = rows[rows["ratio"] >= HOT]
    need({1, 2} <= set(hot["depth"]), f"balance.ratios of {HOT:g} or more")
    root, error = zero(subject.tables["growth"])
    parts = [
        Component(
            "depth 1: temperature at which ln v stops growing, over the exact threshold",
            root, error, least=1 - THRESHOLD, most=1 + THRESHOLD,
        )
    ]  # fmt: skip
    for _, row in hot.iterrows():
        at = f"T = {row['ratio']:g} Tc"
        if row["depth"] == 1:
            label = f"depth 1, {at}: median of v"
            parts.append(
                Component(label, row["median"], 0.0, most=COLLAPSED, margin=COLLAPSED, lowest=0.0)
            )
        elif row["depth"] == 2:
            label = f"depth 2, {at}: median of v over its exact law's"
            share = row["median"] / row["exact_median"]
            parts.append(Component(label, share, 0.0, least=KEPT, margin=1.0))
    return parts


def zero(growth: pd.DataFrame) -> tuple[float, float]:
    """Temperature, over the exact threshold, at which the growth of ln v is 0, with its standard error.

    Growth is r (1 - r) for short steps: over r it is a line, fitted with the weights of its errors.
    """
    r = growth["ratio"].to_numpy(float)
    y, error = (growth[name].to_numpy() / r for name in ("growth", "growth_error"))
    design = np.column_stack([np.ones_like(r), r]) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    a, b = covariance @ design.T @ (y / error)
    slope = np.array([-1 / b, a / b**2])
    return float(-a / b), float(np.sqrt(slope @ covariance @ slope))


def ergodicity(subject: Ensembles, scope: Scope) -> Sequence[Component]:
    """Shares of replicas that cross 0, with Clopper and Pearson's intervals."""
    need(
        subject.replicas >= CROSSED,
        f"{CROSSED:,} replicas (balance.replicas: {subject.replicas:,})",
    )
    parts = []
    for _, row in subject.tables["crossings"].iterrows():
        crossed, count = float(row["crossed"]), float(row["replicas"] - row["diverged"])
        lower = betaincinv(crossed, count - crossed + 1, LEVEL) if crossed else 0.0
        upper = betaincinv(crossed + 1, count - crossed, 1 - LEVEL) if crossed < count else 1.0
        even = row["imbalance"] == 0
        least, most = (-np.inf, BALANCED) if even else (UNBALANCED, np.inf)
        parts.append(
            Component(
                f"start u = {row['first']:g}, w = {row['second']:g}: share that crosses 0",
                crossed / count,
                0.0,
                least=least,
                most=most,
                margin=BALANCED if even else 1 - UNBALANCED,
                bounds=(float(lower), float(upper)),
                exact=True,
            )
        )
    return parts


def inversion(subject: Ensembles, scope: Scope) -> Sequence[Component]:
    """Variance at depth 1 is larger at half the critical temperature than at a quarter or three; at depth 0 it rises."""
    rows = subject.tables["transition"]
    needed = {0.25, 0.5, 0.75}
    need(needed <= set(rows["ratio"]), f"{sorted(needed)} in balance.ratios")
    one, none = (rows[rows["depth"] == depth].set_index("ratio").sort_index() for depth in (1, 0))
    pairs = [("depth 1", one, low, 0.5) for low in (0.25, 0.75)]
    ratios = list(none.index)
    pairs += [("depth 0", none, *pair) for pair in pairwise(ratios)]
    parts = []
    for name, table, low, high in pairs:
        values, errors = (table.loc[[low, high], each] for each in ("variance", "variance_error"))
        parts.append(
            Component(
                f"{name}: variance at {high:g} Tc minus that at {low:g} Tc",
                float(values.iloc[1] - values.iloc[0]),
                float(np.hypot(*errors)),
                least=0.0,
                margin=AGREEMENT,
            )
        )
    return parts


def _ratio(label: str, row: pd.Series, name: str, predicted: str, margin: float) -> Component:
    exact = row[predicted]
    return Component(
        f"{label}: over the law's",
        float(row[name] / exact),
        float(row[f"{name}_error"] / exact),
        float(row["replicas"] - 1),
        least=1 - margin,
        most=1 + margin,
    )


def _claim(
    name: str, statement: str, measured: str, measure: Callable[..., Any], study: str, *tables: str
) -> Claim:
    about = of_study(study, *tables)
    return Claim(
        *(name, statement, "companions", "companion", measured, measure),
        about=about,
        cases=once,
        unit="",
    )


CLAIMS = [
    _claim(
        "noise_balance",
        "SGD balances the noise of two layers: their imbalance decays at the law's rate, and norms settle at d/m",
        "decay rate, and ratio of squared norms, over the law's",
        balanced,
        *("norms", "decay", "fixed_points"),
    ),
    _claim(
        "exact_stationary_laws",
        "The stationary law of SGD on a diagonal linear network of any depth is known exactly",
        "Kolmogorov's distance of an ensemble from the law",
        exact_laws,
        *("laws", "laws"),
    ),
    _claim(
        "phase_transition",
        "At depth 1 the network collapses from a critical temperature on; deeper ones do not",
        "zero of the growth of ln v over the exact threshold; medians of v far above",
        transition,
        *("transition", "transition", "growth"),
    ),
    _claim(
        "broken_ergodicity",
        "Balanced layers never cross 0, unbalanced ones do",
        "share of replicas that cross",
        ergodicity,
        *("crossings", "crossings"),
    ),
    _claim(
        "fluctuation_inversion",
        "With one hidden layer more noise means smaller fluctuations beyond half the critical temperature",
        "difference of variances",
        inversion,
        *("transition", "transition"),
    ),
]
