"""Claims on few and many batches.

A measure takes a run's evidence, a scope, a number of batches and the column of a convention, and returns components
(see `claim.Claim`). Percentages are in points.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from gradnoise.claims.claim import Claim
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.quantities import DIRECTIONS, GAUSSIAN, MARGIN, Quantity, repeated
from gradnoise.claims.scheme.component import Component
from gradnoise.clt.rank_correlation import spearman
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, Scope

TREND = 0.9  # least rank correlation of two numbers of batches


CELLS = 8  # percentages whose ranks tell 0.9 from 1


def same_trend(run: Evidence, scope: Scope, column: str) -> Sequence[Component]:
    """Rank correlation of the percentages at the fewest and at the most batches above 0.9.

    Over layers and batch sizes, without cells at the ceiling: these have no order.
    """
    need(len(run.counts) > 1, "two numbers of batches")
    fewest, most = (run.last(run.counts[end], column) for end in (0, -1))
    measured = fewest.notna().all() & most.notna().all()
    cells = most.columns[measured & (most.mean() < run.ceiling - MARGIN)]
    need(len(cells) >= CELLS, f"{CELLS} percentages below {run.ceiling - MARGIN:g} at most batches")
    label = (
        f"rank correlation of {run.counts[0]} and {run.counts[-1]} batches over {len(cells)} layers "
        "and batch sizes"
    )
    values = jackknifed_correlation(fewest[cells], most[cells], scope)
    quantity = Quantity(label=label, values=values, least=TREND, margin=1 - TREND, highest=1.0)
    (part,) = repeated([quantity], scope)
    # Two neighbours that change places: ranks that all seeds or repeats have alike are not without error.
    step = 12 / (len(cells) * (len(cells) ** 2 - 1))
    return [replace(part, value=min(part.value, 1.0), error=max(part.error, step))]


def jackknifed_correlation(first: pd.DataFrame, second: pd.DataFrame, scope: Scope) -> pd.Series:
    """Pseudo-values of the rank correlation of two tables of means, by (seed, repeat).

    For the architecture one training seed at a time is left out, else one repeat of each network. Noise keeps the
    correlation of means below that of the exact percentages; the mean of pseudo-values is without that bias, to
    the first order.
    """
    by_seed = scope == ARCHITECTURE
    if by_seed:
        first, second = (table.groupby(level="seed").mean() for table in (first, second))
    networks = np.zeros(len(first)) if by_seed else first.index.get_level_values("seed")
    found = []
    for _, rows in first.groupby(networks):
        count = len(rows)
        pair = [table.loc[rows.index].to_numpy() for table in (first, second)]
        whole = spearman(*(values.mean(axis=0) for values in pair))
        without = zip(
            *((values.sum(axis=0) - values) / (count - 1) for values in pair), strict=True
        )
        found += [count * whole - (count - 1) * spearman(*means) for means in without]
    keys = [(key, 0) for key in first.index] if by_seed else list(first.index)
    return pd.Series(found, pd.MultiIndex.from_tuples(keys, names=["seed", "repeat"]))


def each_convention(run: Evidence) -> dict[str, tuple[str]]:
    """Constant coordinates counted as Gaussian decide; other populations and tests."""
    return {
        "": (GAUSSIAN,),
        "constants left out": ("percentage_testable",),
        "random directions": (DIRECTIONS,),
        "Anderson-Darling": ("percentage_anderson_darling",),
    }


CLAIMS = [
    Claim(
        "same_trend",
        "200 and 600 batches show the same trend over layers and batch sizes",
        "gradient noise",
        "paper",
        "rank correlation of the percentages at both numbers of batches",
        same_trend,
        cases=each_convention,
        unit="",
    ),
]
