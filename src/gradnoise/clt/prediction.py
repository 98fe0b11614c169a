"""Does the finite-batch central limit theorem alone explain the pass rates? Predicted against measured, at a level.

What is predicted from and what was tested does not depend on the level of the test: `held_out` finds it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.columns import GROUPS
from gradnoise.clt.held_out import COLUMNS, SERIES
from gradnoise.clt.pass_rate import finite_population, predicted_pass_rate
from gradnoise.clt.results import HeldOut
from gradnoise.clt.settings import Design
from gradnoise.clt.value_classes import Frequencies, Values, classify_values

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """Predicted and measured passes of C coordinates.

    Attributes:
        predicted: float64 (S, K, C), probabilities; NaN where there is no prediction.
        passed: bool (S, K, R, C).
        testable: bool (S, K, R, C), whether the noise varies.
        classes: int8 (S, C), of the per-sample values (`Values`).
        error: float64 (S, K), standard error of the mean prediction, over the choice of the samples; NaN where it
            was not asked for.
    """

    predicted: Floats
    passed: NDArray[np.bool_]
    testable: NDArray[np.bool_]
    classes: NDArray[np.int8]
    error: Floats


def predict(
    skewness: Floats,
    excess_kurtosis: Floats,
    classes: NDArray[np.int8],
    design: Design,
    samples: int,
    significance: float,
) -> Floats:
    """Pass probabilities (S, K, C) of continuous coordinates from their cumulants, NaN for the others.

    Args:
        skewness, excess_kurtosis: (C,) of the per-sample gradients.
        classes: (S, C).
        design: what is drawn and tested.
        samples: number of samples that batches are drawn from.
        significance: level of the test.
    """
    found = np.full((len(design.batch_sizes), len(design.batches), len(skewness)), np.nan)
    for s, size in enumerate(design.batch_sizes):
        shape = skewness, excess_kurtosis
        if design.sampling == "epoch_shuffle":
            if size > samples:
                continue
            shape = finite_population(skewness, excess_kurtosis, size, samples)
        for k, n in enumerate(design.batches):
            rate = predicted_pass_rate(*shape, size, n, significance)
            found[s, k] = np.where(classes[s] == Values.CONTINUOUS, rate, np.nan)
    return found


def apply_level(found: HeldOut, design: Design, significance: float) -> Prediction:
    """Predicted and measured passes at a level of the test."""
    predicted = predict(
        found.skewness,
        found.excess_kurtosis,
        found.classes,
        design,
        found.drawn_from,
        significance,
    )
    sums = np.zeros((GROUPS, *predicted.shape[:2]))
    for start in range(0, predicted.shape[2], COLUMNS):
        columns = slice(start, start + COLUMNS)
        for group in range(GROUPS):
            again = predict(
                found.skewness_without[group, columns],
                found.excess_kurtosis_without[group, columns],
                found.classes[:, columns],
                design,
                found.drawn_from,
                significance,
            )
            sums[group] += np.nansum(again, axis=2)
    # Without replacement none is simulated.
    places = np.argwhere(found.classes == Values.LATTICE)[: len(found.lattice_pvalue)]
    for (s, c), pvalues in zip(places, found.lattice_pvalue, strict=True):
        predicted[s, :, c] = np.mean(pvalues >= significance, axis=1)
    error = _error(sums, predicted, found.classes)
    return Prediction(predicted, found.pvalue >= significance, found.varies, found.classes, error)


def _error(sums: Floats, predicted: Floats, classes: NDArray[np.int8]) -> Floats:
    """Standard error of the mean prediction (S, K): a jackknife over samples, and the simulation of lattices."""
    known = np.maximum(1, (~np.isnan(predicted)).sum(axis=2))
    lattice = (classes == Values.LATTICE)[:, np.newaxis]
    simulated = np.nansum(np.where(lattice, predicted * (1 - predicted), 0.0), axis=2) / SERIES
    return np.sqrt(((GROUPS - 1) * sums.var(axis=0) + simulated) / known**2)


def same_samples(
    moments: tuple[Floats, Floats],
    found: Frequencies,
    pvalues: Floats,
    design: Design,
    samples: int,
    significance: float,
) -> Prediction:
    """The circular figure, a check of code: cumulants of all samples against noise drawn from all of them.

    Args:
        moments: skewness and excess kurtosis, (C,) each.
        found: frequencies of the per-sample values.
        pvalues: (S, K, R, C), as the gaussianity stage measured them.
        design: what was drawn and tested.
        samples: number of samples N.
        significance: level of the test.
    """
    classes = np.array([classify_values(found, size) for size in design.batch_sizes])
    predicted = predict(*moments, classes, design, samples, significance)
    # The noise of a sparse coordinate may be constant, which p-values do not tell.
    varying = np.broadcast_to((classes != Values.DEAD)[:, np.newaxis, np.newaxis], pvalues.shape)
    error = np.full(predicted.shape[:2], np.nan)
    return Prediction(predicted, pvalues >= significance, varying, classes, error)
