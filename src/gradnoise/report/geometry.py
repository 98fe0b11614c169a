"""What the geometry stage found, in sentences: the first one is the answer."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gradnoise.claims.scheme.component import CONTRADICTED, OPEN, SUPPORTED
from gradnoise.report.verdicts import number
from gradnoise.store.variables import NORMAL

KINDS = "orthogonal", "gaussian"
ARMS = {
    ("orthogonal", "euclidean"): "orthogonal",
    ("gaussian", "euclidean"): "Gaussian",
    ("orthogonal", "stiefel"): "on the Stiefel manifold",
}


COMPARED = {
    "isometry_changes_gaussianity": "Isometric initialisation",
    "manifold_changes_gaussianity": "Training on the Stiefel manifold",
}
CHANGES = {
    SUPPORTED: "changes how Gaussian the noise is",
    CONTRADICTED: "does not change how Gaussian the noise is",
    OPEN: "may change how Gaussian the noise is",
}


def findings(tables: Mapping[str, pd.DataFrame], claims: pd.DataFrame) -> list[str]:
    """A sentence or two for every study that was made, and for every claim that compares networks; none without any.

    Args:
        tables: by name.
        claims: the table of verdicts.
    """
    said = {
        "geometry_initialisation": _initialisation,
        "geometry_descents": _training,
        "geometry_arms": _rates,
        "geometry_fluctuations": _fluctuations,
        "geometry_relation": _relation,
    }
    found = [say(tables[name]) for name, say in said.items() if name in tables]
    return found + [text for name in COMPARED for text in _compared(claims, name)]


def _compared(claims: pd.DataFrame, name: str) -> list[str]:
    """A sentence for every scope: the verdict of each pair, and the difference that it stands on."""
    rows = claims[(claims["claim"] == name) & claims["verdict"].isin(list(CHANGES))]
    found = []
    for scope, mine in rows.groupby("scope", sort=False):
        parts = [
            f"{CHANGES[row['verdict']]} ({row['quantity']}: {number(row['measured'], '')} "
            f"[{number(row['lower'], '')}, {number(row['upper'], '')}] points)"
            for row in mine.to_dict("records")
        ]
        found.append(f"{COMPARED[name]}, of {scope}: it {'; it '.join(parts)}.".replace("-", "−"))
    return found


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
        f"{row['stable_rate']:.3f} [{row['stable_rate_lower']:.3f}, {row['stable_rate_upper']:.3f}] "
        f"({ARMS[row['initialisation'], row['manifold']]}, depth {row['depth']}, q = {row['q']:g})"
        for row in arms.to_dict("records")
    ]
    edge = int(arms["at_edge"].sum())
    return (
        f"The largest stable learning rates are {', '.join(parts)}; {edge} of {len(arms)} best rates lie at the edge of those "
        "tried."
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


def _relation(rows: pd.DataFrame) -> str:
    first, last = rows["epoch"].min(), rows["epoch"].max()
    parts = []
    for epoch in (first, last):
        at = rows[rows["epoch"] == epoch].groupby(["depth", "initialisation", "q"])
        cosines, noise = at["fisher_hessian"].mean(), at["fisher_noise"].mean()
        rest, traces = at["rest_over_hessian"].mean(), at["noise_over_fisher"].mean()
        parts.append(
            f"at epoch {epoch} (loss {_ends(at['loss'].mean())}) the cosine of Hessian and Fisher information is {_ends(cosines)}, "
            f"what the Hessian has besides {_ends(rest)} of its norm, the cosine of noise covariance and Fisher information "
            f"{_ends(noise)}, the ratio of their traces {_ends(traces)}"
        )
    return f"Over depths, initialisations and q, {'; '.join(parts)}."


def _ends(values: pd.Series) -> str:
    """Least and largest."""
    return f"{values.min():.2g} to {values.max():.2g}"


def _with(value: float, error: float) -> str:
    return f"{value:.2g} ± {error:.1g}"
