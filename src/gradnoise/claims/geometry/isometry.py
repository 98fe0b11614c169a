"""Claims on isometry, curvature and training: Sokol and Park, arXiv:1810.03785."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import need
from gradnoise.claims.geometry.networks import Networks, difference, mean, of_tables
from gradnoise.claims.scheme.component import Component
from gradnoise.draws.streams import Stream, generator
from gradnoise.tables.moderated.contrasts import Scope

FLAT, STEEP, NETWORKS_NEEDED = 0.5, 1.5, 40  # of the slope
RESAMPLED = 4000  # bootstrap
SEEDS_NEEDED = 5
SLOWER = 1.1  # times the Euclidean steps
MARGIN = 0.1  # of logarithms
KINDS = "orthogonal", "gaussian"


def follows_jacobian(subject: Networks, scope: Scope) -> Sequence[Component]:
    """Slope of ln Fisher's eigenvalue over ln of the squared singular value at each depth, bootstrap by network."""
    parts = []
    for depth, rows in subject.tables["initialisation"].groupby("depth"):
        need(
            len(rows) >= NETWORKS_NEEDED,
            f"{NETWORKS_NEEDED} networks of one depth (geometry.networks: {len(rows)} in all)",
        )
        x, y = (np.log(rows[name].to_numpy()) for name in ("stretch", "fisher"))
        slope, resampled = slopes(x, y)
        least, most = np.quantile(resampled, [0.025, 0.975])
        low, high = (resampled <= FLAT).mean(), (resampled >= STEEP).mean()
        parts.append(
            Component(
                f"depth {depth}: slope over {len(rows)} networks",
                slope,
                float(resampled.std(ddof=1)),
                least=FLAT,
                most=STEEP,
                bounds=(float(least), float(most)),
                pvalues=(float(max(low, high)), float(min(1 - low, 1 - high))),
            )
        )
    return parts


def slopes(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Slope of y over x by least squares, and those of resampled pairs, (RESAMPLED,)."""
    random = generator(0, Stream.GEOMETRY, "bootstrap")
    chosen = random.integers(0, len(x), (RESAMPLED, len(x)))
    pairs = [(x - x.mean(), y - y.mean())]
    a, b = x[chosen], y[chosen]
    pairs.append((a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)))
    (one,), many = (
        (u * v).sum(axis=-1, keepdims=True) / (u**2).sum(axis=-1, keepdims=True) for u, v in pairs
    )
    return float(one), many[:, 0]


def isometric(subject: Networks, scope: Scope) -> Sequence[Component]:
    """Logarithms of ratios, orthogonal over Gaussian: of curvature and condition number, and of steps to the loss."""
    parts = []
    for (depth, q), rows in subject.tables["initialisation"].groupby(["depth", "q"]):
        arms = {kind: rows[rows["initialisation"] == kind] for kind in KINDS}
        for name, words in (
            ("fisher", "Fisher's largest eigenvalue"),
            ("condition", "its condition number"),
        ):
            values = [np.log(arms[kind][name]) for kind in KINDS]
            label = f"depth {depth}, q = {q:g}: ln of {words}, orthogonal over Gaussian"
            parts.append(difference(label, *values, most=0.0, margin=MARGIN, family="start"))
    for where, runs in judged(subject):
        euclidean = runs[runs["manifold"] == "euclidean"]
        values = [
            np.log(euclidean.loc[euclidean["initialisation"] == kind, "steps"]) for kind in KINDS
        ]
        label = f"{where}: ln of steps to the loss, orthogonal over Gaussian"
        parts.append(difference(label, *values, least=0.0, margin=MARGIN, family="training"))
    return parts


def on_the_manifold(subject: Networks, scope: Scope) -> Sequence[Component]:
    """Logarithms of ratios of steps, Stiefel over Euclidean, of networks that start alike."""
    parts = []
    for where, runs in judged(subject):
        same = runs[runs["initialisation"] == "orthogonal"]
        steps = same.pivot_table(index="seed", columns="manifold", values="steps")
        label = f"{where}: ln of steps to the loss, Stiefel over Euclidean"
        values = np.log(steps["stiefel"] / steps["euclidean"])
        parts.append(mean(label, values, most=float(np.log(SLOWER)), margin=MARGIN))
    return parts


def judged(subject: Networks) -> Iterator[tuple[str, pd.DataFrame]]:
    """Runs at the best rates, by depth and q, in words.

    Raises:
        NotTestableError: for an arm whose best rate is at the edge of those tried, or of which more than half of the runs
            did not arrive.
    """
    arms, runs = subject.tables["arms"], subject.tables["descents"]
    edge = arms[arms["at_edge"] == 1]
    need(
        edge.empty, f"best rates inside geometry.rates; {len(edge)} of {len(arms)} are at the edge"
    )
    runs = runs[runs["judged"] == 1]
    need(
        runs.groupby(["initialisation", "manifold", "depth", "q"]).size().min() >= SEEDS_NEEDED,
        f"{SEEDS_NEEDED} seeds",
    )
    arrived = runs.groupby(["initialisation", "manifold", "depth", "q"])["arrived"].mean()
    need(
        bool((arrived > 0.5).all()),
        f"more of geometry.steps: of {(arrived <= 0.5).sum()} kinds of training more than half of the runs did not arrive",
    )
    for (depth, q), rows in runs.groupby(["depth", "q"]):
        yield f"depth {depth}, q = {q:g}", rows


def censored(subject: Networks) -> str:
    """How many of the judged runs never arrived; they count with the steps that they were given."""
    runs = subject.tables["descents"]
    runs = runs[runs["judged"] == 1]
    missing = int((runs["arrived"] == 0).sum())
    return f"{missing} of {len(runs)} judged runs did not arrive, and count with the steps they were given"


def _networks(tables: Mapping[str, pd.DataFrame]) -> int:
    rows = tables["initialisation"]
    return int(rows.groupby(["depth", "initialisation", "q"]).size().min())


def _seeds(tables: Mapping[str, pd.DataFrame]) -> int:
    runs = tables["descents"]
    return int(runs.loc[runs["judged"] == 1, "seed"].nunique())


CLAIMS = [
    Claim(
        "fisher_follows_jacobian",
        "Fisher's largest eigenvalue follows the squared largest singular value of the input-output Jacobian",
        "companions",
        "companion",
        "log-log slope over networks at their initialisation",
        follows_jacobian,
        about=of_tables(["initialisation"], ["initialisation"], _networks, key="geometry.networks"),
        cases=once,
        unit="",
    ),
    Claim(
        "isometric_initialisation",
        "Isometric initialisation lowers curvature and condition number, and is harder to train for it",
        "companions",
        "companion",
        "logarithm of ratios, orthogonal over Gaussian",
        isometric,
        about=of_tables(
            ["initialisation", "training"], ["initialisation", "descents", "arms"], _seeds, "seeds"
        ),
        cases=once,
        unit="",
        remark=censored,
    ),
    Claim(
        "stiefel_does_well",
        "Training on the Stiefel manifold does well whatever the curvature",
        "companions",
        "companion",
        "logarithm of the ratio of steps to a fixed loss at best rates, Stiefel over Euclidean",
        on_the_manifold,
        about=of_tables(["training"], ["descents", "arms"], _seeds, "seeds"),
        cases=once,
        unit="",
        remark=censored,
    ),
]
