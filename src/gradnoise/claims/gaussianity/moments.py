"""Claims on the noise's mean and on the gradient of the logits, as measured."""

import math
from collections.abc import Sequence

from scipy.special import stdtrit

from gradnoise.claims.claim import Claim, batch_counts, each_gradient, once
from gradnoise.claims.evidence import Evidence, need
from gradnoise.claims.scheme.component import LEVEL, Component
from gradnoise.claims.scheme.power import Noise
from gradnoise.tables.moderated.contrasts import NETWORKS, Scope


def zero_mean(run: Evidence, scope: Scope, batches: int) -> Sequence[Component]:
    """Largest standardised mean of a layer's live coordinates at the largest batch size, against its null.

    Student's quantile at 2.5 % over all coordinates, seeds, repeats and layers at once (Bonferroni). It holds for
    Gaussian noise: of a coordinate that few samples move, mean and standard error go together, and the ratio reaches
    further by chance alone. So a larger one leaves the claim open.
    """
    column = "largest_standardised_mean"
    need(column in run.rows, "standardised means")
    size = run.sizes[-1]
    largest = run.last(batches, column).abs().max()
    live = (run.last(batches, "coordinates") * run.last(batches, "share_live")).sum()
    layers = [layer for layer in run.layers.index if largest[layer, size] >= 0]
    need(bool(layers), "live coordinates")
    need(scope == NETWORKS, "the networks whose draws were repeated")
    count = sum(live[layer, size] for layer in layers)
    null = -float(stdtrit(batches - 1, LEVEL / 2 / count))
    return [
        Component(
            f"{layer} at batch size {size}: largest standardised mean",
            float(largest[layer, size]),
            0.0,
            lowest=0.0,
            most=null,
            refuted_above=math.inf,
            margin=null,
        )
        for layer in layers
    ]


def logit_gradient_bounded(run: Evidence, scope: Scope) -> Sequence[Component]:
    """Largest |softmax - one-hot| over all training samples and epochs at most 1 (Lemma 2)."""
    name = "logit_gradient"
    known = name in run.training and bool(run.training[name].notna().any())
    need(known, "the gradient of the logits (cross-entropy)")
    need(scope == NETWORKS, "the networks that were trained")
    largest = run.training.groupby("seed")[name].max()
    return [
        Component(
            f"seed {seed}: largest gradient of a logit", float(value), 0.0, lowest=0.0, most=1.0
        )
        for seed, value in largest.items()
    ]


def without_error(run: Evidence, scope: Scope) -> Noise | None:
    """A largest value has no error of which there could be less."""
    return None


CLAIMS = [
    Claim(
        "zero_mean",
        "Mini-batch noise has zero mean",
        "gradient noise",
        "paper",
        "largest mean of a coordinate's noise in its standard errors, beside the largest that chance gives",
        zero_mean,
        cases=batch_counts,
        noise=without_error,
        unit="",
    ),
    Claim(
        "logit_gradient_bounded",
        "The gradient of the logits is bounded by 1 (Lemma 2)",
        "gradient noise",
        "paper",
        "largest absolute difference of softmax and one-hot label over the training samples",
        logit_gradient_bounded,
        about=each_gradient,
        cases=once,
        noise=without_error,
        unit="",
        all_epochs=True,
    ),
]
