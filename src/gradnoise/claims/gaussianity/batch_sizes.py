"""Claims on percentages over batch sizes.

A measure takes a run's evidence, a scope, a number of batches and the column of a convention, and returns components
(see `claim.Claim`). Percentages are in points.
"""

from collections.abc import Sequence
from itertools import pairwise

from gradnoise.claims.claim import Claim, deciding
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.quantities import GAUSSIAN, MARGIN, Cell, Contrast, compare
from gradnoise.claims.scheme.component import Component
from gradnoise.tables.moderated.contrasts import Scope


def rises_with_batch_size(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """Pass(largest) - pass(smallest) > 0 in each layer below the ceiling; no certain fall above 3 between sizes."""
    need(len(run.sizes) > 1, "two batch sizes or more")
    smallest, largest = run.sizes[0], run.sizes[-1]
    below = [layer for layer in run.layers.index if layer not in at_ceiling(run, batches, column)]
    need(bool(below), f"a layer below {run.ceiling - MARGIN:g} % at batch size {smallest}")
    rises = [
        Contrast(
            label=f"{layer}: rise from batch size {smallest} to {largest}",
            cells={Cell(layer, largest): 1, Cell(layer, smallest): -1},
            least=0,
        )
        for layer in below
    ]
    falls = [
        Contrast(
            label=f"{layer}: fall from batch size {small} to {large}",
            cells={Cell(layer, small): 1, Cell(layer, large): -1},
            most=MARGIN,
            family="falls",
            only_refutes=True,
        )
        for layer in run.layers.index
        for small, large in pairwise(run.sizes)
    ]
    rising, falling = (compare(run, each, scope, batches, column) for each in (rises, falls))
    return [*rising, *falling]


def at_ceiling(run: Evidence, batches: int, column: str) -> list[str]:
    """Layers that need not rise, because nothing is left to rise to."""
    means = run.last(batches, column).mean()
    return [
        layer for layer in run.layers.index if means[layer, run.sizes[0]] >= run.ceiling - MARGIN
    ]


def ceiling_remark(run: Evidence) -> str:
    """Layers that are left out."""
    there = at_ceiling(run, deciding(run.counts), GAUSSIAN)
    return f"at the ceiling from the start: {', '.join(there)}" if there else ""


CLAIMS = [
    Claim(
        "rises_with_batch_size",
        "Gaussianity rises with the batch size in every layer",
        "gradient noise",
        "paper",
        "percentage of coordinates that cannot be told from Gaussian: largest minus smallest batch size",
        rises_with_batch_size,
        remark=ceiling_remark,
    ),
]
