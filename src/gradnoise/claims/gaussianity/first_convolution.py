"""Claims on AlexNet's first convolution.

A measure takes a run's evidence, a scope, a number of batches and the column of a convention, and returns components
(see `claim.Claim`). Percentages are in points.
"""

from collections.abc import Sequence

from gradnoise.claims.claim import Claim
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.quantities import Cell, Contrast, compare
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.decision import some
from gradnoise.tables.moderated.contrasts import Scope

LEAD = -1.0  # points by which the first convolution may be behind


PAPER_BATCH = 128  # of the percentage that the paper calls "five per cent are not Gaussian"


FIVE_PER_CENT = 2.0  # points to either side of what exactly Gaussian coordinates give


def first_convolution_leads(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """AlexNet's first convolution minus each other layer >= -1 at every batch size."""
    need(run.family == "alexnet", "AlexNet, of which it is said")
    first, *others = run.layers.index
    need(first == "conv1" and bool(others), "the noise of conv1 and of another layer")
    leads = [
        Contrast(
            label=f"{first} minus {layer} at batch size {size}",
            cells={Cell(first, size): 1, Cell(layer, size): -1},
            least=LEAD,
        )
        for size in run.sizes
        for layer in others
    ]
    return compare(run, leads, scope, batches, column)


def five_per_cent_not_gaussian(
    run: Evidence, scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    """The first layer's percentage at batch size 128, and the null's ± 2: the claim is that it is *not* there.

    94.12 % is what a test at 5 % leaves of coordinates that are exactly Gaussian.
    """
    need(run.family == "alexnet", "AlexNet, of which it is said")
    need(PAPER_BATCH in run.sizes, f"batch size {PAPER_BATCH}")
    need("conv1" in run.layers.index, "the noise of conv1")
    contrast = Contrast(
        label=f"conv1 at batch size {PAPER_BATCH}",
        cells={Cell("conv1", PAPER_BATCH): 1},
        least=run.ceiling - FIVE_PER_CENT,
        most=run.ceiling + FIVE_PER_CENT,
    )
    return compare(run, [contrast], scope, batches, column)


CLAIMS = [
    Claim(
        "first_convolution_leads",
        "AlexNet's first convolution is the most Gaussian at every batch size",
        "gradient noise",
        "paper",
        "percentage of the first convolution minus that of every other layer",
        first_convolution_leads,
    ),
    Claim(
        "five_per_cent_not_gaussian",
        "Five per cent of AlexNet's first layer is not Gaussian (94.12 % pass)",
        "gradient noise",
        "paper",
        "percentage of conv1 at batch size 128, beside the 95 % that exactly Gaussian noise gives",
        five_per_cent_not_gaussian,
        rule=some,
    ),
]
