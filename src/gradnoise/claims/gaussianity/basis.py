"""Claims on random directions beside coordinates.

A measure takes a run's evidence, a scope, a number of batches and the column of a convention, and returns components
(see `claim.Claim`). Percentages are in points.
"""

from collections.abc import Sequence

from gradnoise.claims.claim import Claim
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.quantities import DIRECTIONS, MARGIN, Cell, Contrast, compare
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.decision import some
from gradnoise.tables.moderated.contrasts import Scope


def directions_differ(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """Pass over random directions minus pass over coordinates within ±3 in every layer.

    The claim is that this does *not* hold; at the smallest batch size, where there is most to see.
    """
    need(column != DIRECTIONS, "another population than the directions")
    directions = run.last(batches, DIRECTIONS)
    need(bool(directions.notna().any(axis=None)), "noise along random directions")
    size = run.sizes[0]
    contrasts = [
        Contrast(
            label=f"{layer} at batch size {size}: directions minus coordinates",
            cells={Cell(layer, size, column=DIRECTIONS): 1, Cell(layer, size): -1},
            least=-MARGIN,
            most=MARGIN,
        )
        for layer in run.layers.index
    ]
    return compare(run, contrasts, scope, batches, column)


CLAIMS = [
    Claim(
        "property_of_the_basis",
        "Gaussianity is a property of the basis: random directions differ from coordinates",
        "ours",
        "gradnoise",
        "percentage over random directions minus percentage over coordinates",
        directions_differ,
        rule=some,
    ),
]
