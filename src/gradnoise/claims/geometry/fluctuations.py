"""Claims on fluctuations with depth: Day, Kahn and Roberts, arXiv:2310.07765."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gradnoise.claims.claim import Claim, once
from gradnoise.claims.evidence import need
from gradnoise.claims.geometry.networks import Networks, mean, of_tables
from gradnoise.claims.scheme.component import Component
from gradnoise.tables.moderated.contrasts import Scope

SETTLED, DEEPEST = (
    20,
    40,
)  # depth from which orthogonal networks are constant, and depth that is needed
CONSTANT = 0.1  # around 1, of the ratio of deep to less deep
LIMIT = 0.0  # q of which the literature speaks; others stand in the figure


def of_preactivations(subject: Networks, scope: Scope) -> Sequence[Component]:
    """Fluctuation of the preactivations."""
    return _with_depth(subject, "preactivation_fluctuation", "preactivations")


def of_kernels(subject: Networks, scope: Scope) -> Sequence[Component]:
    """Fluctuation of the tangent kernel, and its correlation with the preactivations'."""
    return [
        *_with_depth(subject, "kernel_fluctuation", "tangent kernel"),
        *_with_depth(subject, "correlator", "kernel and preactivations"),
    ]


def _with_depth(subject: Networks, name: str, words: str) -> Sequence[Component]:
    rows = subject.tables["fluctuations"]
    rows = rows[rows["q"] == LIMIT]
    need(rows["depth"].max() >= DEEPEST, f"geometry.deepest of {DEEPEST} or more")
    found = {
        str(kind): each.pivot_table(index="group", columns="depth", values=name)
        for kind, each in rows.groupby("initialisation")
    }
    gaussian, orthogonal = found["gaussian"], found["orthogonal"]
    # A covariance may be negative: what grows is its size.
    sign = np.sign(gaussian.to_numpy().mean())
    depths = np.array(gaussian.columns, float)
    growth = [np.polyfit(depths, sign * values, 1)[0] for values in gaussian.to_numpy()]
    return [
        mean(f"{words}: growth per layer, Gaussian", growth, least=0.0, margin=CONSTANT),
        _constancy(
            f"{words}: last third over first third beyond depth {SETTLED}, orthogonal", orthogonal
        ),
    ]


def _constancy(label: str, rows: pd.DataFrame) -> Component:
    """Ratio of two means over groups, leaving one group out at a time."""
    beyond = rows.to_numpy()[:, np.array(rows.columns) > SETTLED]
    third = max(1, beyond.shape[1] // 3)
    late, early = beyond[:, -third:].mean(axis=1), beyond[:, :third].mean(axis=1)
    value = late.sum() / early.sum()
    without = (late.sum() - late) / (early.sum() - early)
    count = len(without)
    error = np.sqrt((count - 1) * without.var())
    return Component(
        label, float(value), float(error), count - 1, least=1 - CONSTANT, most=1 + CONSTANT
    )


def _networks(tables: Mapping[str, pd.DataFrame]) -> int:
    rows = tables["fluctuations"]
    first = rows[
        (rows["initialisation"] == "gaussian") & (rows["q"] == LIMIT) & (rows["depth"] == 1)
    ]
    return int(first["networks"].sum())


_ABOUT = of_tables(["fluctuations"], ["fluctuations"], _networks, key="geometry.ensemble")

CLAIMS = [
    Claim(
        "preactivation_fluctuations",
        "Preactivations fluctuate the more the deeper Gaussian networks are, and no more beyond depth 20 in orthogonal ones",
        "companions",
        "related",
        "growth with depth of the variance over networks; its ratio beyond depth 20",
        of_preactivations,
        about=_ABOUT,
        cases=once,
        unit="",
    ),
    Claim(
        "kernel_correlators",
        "Correlators of the tangent kernel grow with depth in Gaussian networks and saturate in orthogonal ones",
        "companions",
        "related",
        "growth with depth of the kernel's variance over networks, and of its covariance with the preactivations'; "
        "their ratios beyond depth 20",
        of_kernels,
        about=_ABOUT,
        cases=once,
        unit="",
    ),
]
