"""Does the finite-batch central limit theorem alone explain the pass rates? Predicted against measured.

Without circularity: one random half of the samples gives the per-sample skewness and kurtosis, and with
them the predicted pass probability of every coordinate; mini-batches drawn from the other half give the
noise that is tested.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.pass_rate import finite_population, predicted_pass_rate
from gradnoise.clt.results import GROUPS
from gradnoise.clt.settings import Design
from gradnoise.clt.value_classes import Frequencies, Values, classify_values, frequencies
from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.draws.streams import Stream, generator
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk
from gradnoise.noise.gather import Plan, gather_noise, plan

Floats = NDArray[np.float64]


COLUMNS = 128  # coordinates at a time

BLOCK_VALUES = (
    1 << 22
)  # of all samples at a time: fewer coordinates, where there are more than 32,768 samples

SERIES = 100  # simulated for a coordinate of few distinct values


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
) -> Floats:
    """Pass probabilities (S, K, C) of continuous coordinates from their cumulants, NaN for the others.

    Args:
        skewness, excess_kurtosis: (C,) of the per-sample gradients.
        classes: (S, C).
        design: what is drawn and tested.
        samples: number of samples that batches are drawn from.
    """
    found = np.full((len(design.batch_sizes), len(design.batches), len(skewness)), np.nan)
    for s, size in enumerate(design.batch_sizes):
        shape = skewness, excess_kurtosis
        if design.sampling == "epoch_shuffle":
            if size > samples:
                continue
            shape = finite_population(skewness, excess_kurtosis, size, samples)
        for k, n in enumerate(design.batches):
            rate = predicted_pass_rate(*shape, size, n, design.significance)
            found[s, k] = np.where(classes[s] == Values.CONTINUOUS, rate, np.nan)
    return found


def held_out(gradients: Any, design: Design, name: str) -> Prediction:
    """Predict from one half of the samples what batches of the other half show.

    Args:
        gradients: (N, C) per-sample gradients, an array or a Zarr array read some columns at a time.
        design: what is drawn and tested.
        name: of the parameter; decides the halves, with the seed.
    """
    samples, count = gradients.shape
    order = generator(design.seed, Stream.HALVES, name).permutation(samples)
    first, second = np.sort(order[: samples // 2]), np.sort(order[samples // 2 :])
    shape = len(design.batch_sizes), len(design.batches)
    predicted = np.empty((*shape, count))
    passed, testable = np.zeros((2, *shape, design.repeats, count), np.bool_)
    classes = np.empty((shape[0], count), np.int8)
    sums = np.zeros((GROUPS, *shape))
    plans = _plans(design, len(second))
    for columns in blocks(count, samples):
        # Both halves of a block at once: stored gradients are read a single time.
        block = np.asarray(gradients[:, columns])
        known, drawn = block[first], np.ascontiguousarray(block[second])
        found = frequencies(known)
        classes[:, columns] = [classify_values(found, size) for size in design.batch_sizes]
        shapes = shape_of_columns(known)
        predicted[..., columns] = predict(*shapes, classes[:, columns], design, len(drawn))
        for group, left in enumerate(shapes_without_groups(known)):
            again = predict(*left, classes[:, columns], design, len(drawn))
            sums[group] += np.nansum(again, axis=2)
        _predict_lattices(predicted, known, classes, columns, design, name)
        passed[..., columns], testable[..., columns] = _passes(drawn, design, plans)
    return Prediction(predicted, passed, testable, classes, _error(sums, predicted, classes))


def shapes_without_groups(values: NDArray[Any]) -> Iterator[tuple[Floats, Floats]]:
    """Skewness and excess kurtosis of every column without each of GROUPS groups of the samples; NaN if constant."""
    x = values - values.mean(axis=0, dtype=np.float64)
    powers = [x, x * x, x**3, x**4]
    parts = np.array([[power[g::GROUPS].sum(axis=0) for power in powers] for g in range(GROUPS)])
    sizes = np.array([len(x[g::GROUPS]) for g in range(GROUPS)])
    for part, size in zip(parts, sizes, strict=True):
        m, p2, p3, p4 = (parts.sum(axis=0) - part) / max(1, len(x) - size)
        variance = p2 - m**2
        varying = variance > 1e-12 * parts[:, 1].sum(axis=0) / len(x)
        scale = np.sqrt(np.where(varying, variance, np.nan))
        skewness = (p3 - 3 * m * p2 + 2 * m**3) / scale**3
        kurtosis = (p4 - 4 * m * p3 + 6 * m**2 * p2 - 3 * m**4) / scale**4 - 3
        yield skewness, kurtosis


def _error(sums: Floats, predicted: Floats, classes: NDArray[np.int8]) -> Floats:
    """Standard error of the mean prediction (S, K): a jackknife over samples, and the simulation of lattices."""
    known = np.maximum(1, (~np.isnan(predicted)).sum(axis=2))
    lattice = (classes == Values.LATTICE)[:, np.newaxis]
    simulated = np.nansum(np.where(lattice, predicted * (1 - predicted), 0.0), axis=2) / SERIES
    return np.sqrt(((GROUPS - 1) * sums.var(axis=0) + simulated) / known**2)


def shape_of_columns(values: NDArray[Any]) -> tuple[Floats, Floats]:
    """Skewness and excess kurtosis of every column, moments divided by N; NaN for constant columns."""
    x = values - values.mean(axis=0, dtype=np.float64)  # float64, whatever the values are
    squares = x * x
    variance = squares.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        skewness = (squares * x).mean(axis=0) / variance**1.5
        kurtosis = (squares * squares).mean(axis=0) / variance**2 - 3
    return np.where(variance > 0, skewness, np.nan), np.where(variance > 0, kurtosis, np.nan)


def blocks(count: int, samples: int) -> Iterator[slice]:
    """Slices of the columns of so many samples that go through memory one after another."""
    width = max(1, min(COLUMNS, BLOCK_VALUES // max(1, samples)))
    for start in range(0, count, width):
        yield slice(start, min(start + width, count))


def _predict_lattices(
    predicted: Floats,
    values: NDArray[Any],
    classes: NDArray[np.int8],
    columns: slice,
    design: Design,
    name: str,
) -> None:
    """Simulate coordinates of few distinct values as they are, with independent draws."""
    if design.sampling != "with_replacement":
        return
    for s, size in enumerate(design.batch_sizes):
        for place in np.flatnonzero(classes[s, columns] == Values.LATTICE):
            column = columns.start + int(place)
            random = generator(design.seed, Stream.LATTICES, name, column, size)
            for k, n in enumerate(design.batches):
                predicted[s, k, column] = lattice_pass_rate(
                    values[:, place], size, n, design.significance, random
                )


def lattice_pass_rate(
    values: NDArray[Any],
    batch_size: int,
    n: int,
    significance: float,
    random: np.random.Generator,
) -> float:
    """Pass probability of n means of `batch_size` iid draws from few distinct values, by simulation."""
    distinct, counts = np.unique(values, return_counts=True)
    drawn = random.multinomial(batch_size, counts / counts.sum(), (SERIES, n))
    # Summed in integers of the value's place, equal batches have equal bits: ties stay ties.
    means = drawn @ (distinct.astype(np.float64) / batch_size)
    scale = np.abs(means).max() or 1.0
    tied = np.round(means / scale, 12)
    return float(np.mean(shapiro_wilk(tied).pvalue >= significance))


def _plans(design: Design, samples: int) -> list[Plan]:
    """Of every repeat's batches of those sizes that so many samples allow; the same for all columns."""
    allowed = samples if design.sampling == "epoch_shuffle" else max(design.batch_sizes)
    fitting = [size for size in design.batch_sizes if size <= allowed]
    if not fitting:
        return []
    drawn = (
        Draws(design.seed, repeat + 1, design.sampling, samples, stream=Stream.HELD_OUT)
        for repeat in range(design.repeats)
    )
    return [plan(draws, cut(draws, fitting, max(design.batches))) for draws in drawn]


def _passes(
    gradients: NDArray[np.float32], design: Design, plans: Sequence[Plan]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which noise of batches drawn from all rows passes the test, and which varies: (S, K, R, C) each."""
    shape = len(design.batch_sizes), len(design.batches), design.repeats, gradients.shape[1]
    passed, testable = np.zeros((2, *shape), np.bool_)
    full = gradients.mean(axis=0, dtype=np.float64)
    for repeat, how in enumerate(plans):
        noise = gather_noise(gradients, full, how)
        for size, series in zip(how.pieces.batch_sizes, noise, strict=True):
            for k, n in enumerate(design.batches):
                pvalue = shapiro_wilk(series[:n], axis=0).pvalue
                cell = design.batch_sizes.index(size), k, repeat
                passed[cell] = pvalue >= design.significance
                testable[cell] = series[:n].min(axis=0) < series[:n].max(axis=0)
    return passed, testable


def same_samples(
    moments: tuple[Floats, Floats],
    found: Frequencies,
    pvalues: Floats,
    design: Design,
    samples: int,
) -> Prediction:
    """The circular figure, a check of code: cumulants of all samples against noise drawn from all of them.

    Args:
        moments: skewness and excess kurtosis, (C,) each.
        found: frequencies of the per-sample values.
        pvalues: (S, K, R, C), as the gaussianity stage measured them.
        design: what was drawn and tested.
        samples: number of samples N.
    """
    classes = np.array([classify_values(found, size) for size in design.batch_sizes])
    predicted = predict(*moments, classes, design, samples)
    # The noise of a sparse coordinate may be constant, which p-values do not tell.
    varying = np.broadcast_to((classes != Values.DEAD)[:, np.newaxis, np.newaxis], pvalues.shape)
    error = np.full(predicted.shape[:2], np.nan)
    return Prediction(predicted, pvalues >= design.significance, varying, classes, error)
