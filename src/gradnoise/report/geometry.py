"""What the geometry stage found, in sentences: the first one is the answer."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gradnoise.store.variables import NORMAL

KINDS = "orthogonal", "gaussian"
ARMS = {
    ("orthogonal", "euclidean"): "orthogonal",
    ("gaussian", "euclidean"): "Gaussian",
    ("orthogonal", "stiefel"): "on the Stiefel manifold",
}


def findings(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """A sentence or two for every study that was made; none without any."""
    said = {
        "geometry_initialisation": _initialisation,
        "geometry_descents": _training,
        "geometry_arms": _rates,
        "geometry_fluctuations": _fluctuations,
    }
    return [say(tables[name]) for name, say in said.items() if name in tables]


def _initialisation(rows: pd.DataFrame) -> str:
    parts = []
    for depth, mine in rows.groupby("depth"):
        x, y = np.log(mine["stretch"]), np.log(mine["fisher"])
        slope = float(np.cov(x, y)[0, 1] / x.var())
        arms = [mine[mine["initialisation"] == kind] for kind in KINDS]
        ratios = [
            float(np.exp(np.log(arms[1][name]).mean() - np.log(arms[0][name]).mean()))
            for name in ("fisher", "condition")
        ]
        parts.append(
            f"over {len(mine)} networks of depth {depth} Fisher's largest eigenvalue grows as the squared singular value of "
            f"the Jacobian to the power {slope:.2f}; Gaussian weights have {ratios[0]:.1f} times the eigenvalue of orthogonal "
            f"ones and {ratios[1]:,.0f} times the condition number"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _training(runs: pd.DataFrame) -> str:
    judged = runs[runs["judged"] == 1]
    parts = [
        f"{', '.join(_steps(rows, arm) for arm in ARMS)} at depth {depth}, q = {q:g}"
        for (depth, q), rows in judged.groupby(["depth", "q"])
    ]
    missing = int((judged["arrived"] == 0).sum())
    return (
        f"At its own best learning rate every kind of training comes to the loss in so many steps: {'; '.join(parts)}. "
        f"{missing} of {len(judged)} judged runs did not arrive."
    )


def _steps(rows: pd.DataFrame, arm: tuple[str, str]) -> str:
    mine = rows[(rows["initialisation"] == arm[0]) & (rows["manifold"] == arm[1])]
    if not mine["arrived"].any():
        return f"none in {mine['steps'].max():.0f} ({ARMS[arm]})"
    return f"{np.exp(np.log(mine['steps']).mean()):.0f} ({ARMS[arm]})"


def _rates(arms: pd.DataFrame) -> str:
    parts = [
        f"{row['stable_rate']:g} ({ARMS[row['initialisation'], row['manifold']]}, depth {row['depth']}, q = {row['q']:g})"
        for row in arms.to_dict("records")
    ]
    edge = int(arms["at_edge"].sum())
    return (
        f"The largest stable learning rates of those tried are {', '.join(parts)}; {edge} of {len(arms)} best rates lie at the "
        "edge of those tried."
    )


def _fluctuations(rows: pd.DataFrame) -> str:
    rows = rows[rows["q"] == 0]
    last, first = rows["depth"].max(), min(20, rows["depth"].max())
    parts = []
    for name, words in (
        ("preactivation_fluctuation", "the preactivations' mean square"),
        ("kernel_fluctuation", "the tangent kernel"),
    ):
        at = rows[rows["depth"].isin([first, last])]
        groups = at.groupby(["initialisation", "depth"])[name]
        values = groups.mean()
        errors: pd.Series = NORMAL * groups.std(ddof=1) / np.sqrt(groups.size())
        found = [
            f"from {_with(values[kind, first], errors[kind, first])} to {_with(values[kind, last], errors[kind, last])} "
            f"({kind if kind == 'orthogonal' else 'Gaussian'})"
            for kind in KINDS
        ]
        parts.append(f"of {words} {' and '.join(found)}")
    return (
        f"From depth {first} to {last}, in the limit of small preactivations, n times the relative variance over networks goes: "
        f"{'; '.join(parts)}."
    )


def _with(value: float, error: float) -> str:
    return f"{value:.2g} ± {error:.1g}"
