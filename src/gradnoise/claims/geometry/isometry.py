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
ORTHOGONAL, GAUSSIAN = ((kind, "euclidean") for kind in KINDS)
STIEFEL = "orthogonal", "stiefel"


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
    for where, one, other in compared(subject, ORTHOGONAL, GAUSSIAN):
        label = f"{where}: ln of steps to the loss, orthogonal over Gaussian"
        steps = [np.log(rows["steps"]) for rows in (one, other)]
        parts.append(difference(label, *steps, least=0.0, margin=MARGIN, family="training"))
    return parts


def on_the_manifold(subject: Networks, scope: Scope) -> Sequence[Component]:
    """Logarithms of ratios of steps, Stiefel over Euclidean, of networks that start alike."""
    parts = []
    for where, one, other in compared(subject, STIEFEL, ORTHOGONAL):
        steps = [rows.set_index("seed")["steps"] for rows in (one, other)]
        values = np.log(steps[0] / steps[1])
        most = float(np.log(SLOWER))
        # Of runs that did not arrive the ratio is at least this: enough to contradict, not to support.
        need(
            one["arrived"].mean() > 0.5 or values.mean() > most,
            "more of geometry.steps: on the manifold more than half of the runs did not arrive",
        )
        label = f"{where}: ln of steps to the loss, Stiefel over Euclidean"
        parts.append(mean(label, values, most=most, margin=MARGIN))
    return parts


def compared(
    subject: Networks, one: tuple[str, str], other: tuple[str, str]
) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Judged runs of two kinds of training, by depth and q in words.

    Runs that did not arrive count with the steps they were given: ratios of one kind over the other are at least these
    where the first did not arrive.

    Args:
        subject: with `arms` and `descents`.
        one, other: initialisation and manifold.

    Raises:
        NotTestableError: for a best rate at the edge of those tried, too few seeds, and where half of the other's runs or
            more did not arrive.
    """
    arms, runs = subject.tables["arms"], subject.tables["descents"]
    runs = runs[runs["judged"] == 1]
    for (depth, q), mine in runs.groupby(["depth", "q"]):
        found = []
        for initialisation, manifold in (one, other):
            same = (mine["initialisation"] == initialisation) & (mine["manifold"] == manifold)
            at = (arms["initialisation"] == initialisation) & (arms["manifold"] == manifold)
            rate = arms[at & (arms["depth"] == depth) & (arms["q"] == q)].iloc[0]
            where = f"depth {depth}, q = {q:g}"
            need(
                not rate["at_edge"],
                f"best rates inside geometry.rates; {where}: {rate['best_rate']:g}",
            )
            need(same.sum() >= SEEDS_NEEDED, f"{SEEDS_NEEDED} seeds")
            found.append(mine[same])
        need(
            found[1]["arrived"].mean() > 0.5,
            f"more of geometry.steps; {where}: half of the {' '.join(other)} runs or more did not arrive",
        )
        yield where, found[0], found[1]


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
