"""What pass rates are predicted from, and tests of what they are held against: all but the level of the test.

Without circularity: one random half of the samples gives the per-sample skewness and kurtosis, and with
them the predicted pass probability of every coordinate; mini-batches drawn from the other half give the
noise that is tested.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.clt.columns import GROUPS
from gradnoise.clt.results import HeldOut
from gradnoise.clt.settings import Design
from gradnoise.clt.value_classes import Values, classify_values, frequencies
from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import cut
from gradnoise.draws.streams import Stream, generator
from gradnoise.gaussianity.statistics.shapiro_wilk import shapiro_wilk
from gradnoise.gradients.columns import read_columns
from gradnoise.noise.gather import TILE, Plan, gather_noise, plan

Floats = NDArray[np.float64]


COLUMNS = 128  # coordinates at a time


BLOCK_VALUES = 1 << 22  # of all samples: fewer coordinates, where there are more than 32,768

SHAPED = 8  # coordinates whose powers are held in float64

SERIES = 100  # simulated for a coordinate of few distinct values


def held_out(gradients: Any, design: Design, name: str) -> HeldOut:
    """Shapes of one half of the samples, and tests of batches of the other half.

    Args:
        gradients: (N, C) per-sample gradients, an array or a Zarr array read some columns at a time.
        design: what is drawn and tested.
        name: of the parameter; decides the halves, with the seed.
    """
    samples, count = gradients.shape
    order = generator(design.seed, Stream.HALVES, name).permutation(samples)
    first, second = np.sort(order[: samples // 2]), np.sort(order[samples // 2 :])
    shape = len(design.batch_sizes), len(design.batches), design.repeats, count
    classes = np.empty((shape[0], count), np.int8)
    skewness, kurtosis = np.empty((2, count))
    skewness_without, kurtosis_without = np.empty((2, GROUPS, count))
    pvalues, varies = np.full(shape, np.nan), np.zeros(shape, np.bool_)
    lattices: dict[tuple[int, int], Floats] = {}
    plans = _plans(design, len(second))
    for columns in blocks(count, samples):
        # Both halves of a block at once: stored gradients are read a single time.
        block = read_columns(gradients, columns)
        known, drawn = block[first], block[second]
        del block
        found = frequencies(known)
        classes[:, columns] = [classify_values(found, size) for size in design.batch_sizes]
        for part in _parts(known.shape[1]):
            some, where = (
                known[:, part],
                slice(columns.start + part.start, columns.start + part.stop),
            )
            skewness[where], kurtosis[where] = shape_of_columns(some)
            for group, left in enumerate(shapes_without_groups(some)):
                skewness_without[group, where], kurtosis_without[group, where] = left
        lattices |= _lattices(known, classes, columns, design, name)
        pvalues[..., columns], varies[..., columns] = _tests(drawn, design, plans)
    simulated = np.array([lattices[place] for place in sorted(lattices)]).reshape(
        -1, len(design.batches), SERIES
    )
    return HeldOut(
        skewness,
        kurtosis,
        skewness_without,
        kurtosis_without,
        classes,
        pvalues,
        varies,
        simulated,
        len(second),
    )


def _lattices(
    values: NDArray[Any],
    classes: NDArray[np.int8],
    columns: slice,
    design: Design,
    name: str,
) -> dict[tuple[int, int], Floats]:
    """Coordinates of few distinct values as they are, with independent draws.

    Returns:
        p-values (K, SERIES) by the places of batch size and coordinate.
    """
    found = {}
    for s, place in np.argwhere(classes[:, columns] == Values.LATTICE).tolist():
        if design.sampling != "with_replacement":
            break
        size, column = design.batch_sizes[s], columns.start + place
        random = generator(design.seed, Stream.LATTICES, name, column, size)
        series = [lattice_pvalues(values[:, place], size, n, random) for n in design.batches]
        found[s, column] = np.array(series)
    return found


def lattice_pvalues(
    values: NDArray[Any], batch_size: int, n: int, random: np.random.Generator
) -> Floats:
    """Tests of SERIES series of n means of `batch_size` iid draws from few distinct values."""
    distinct, counts = np.unique(values, return_counts=True)
    drawn = random.multinomial(batch_size, counts / counts.sum(), (SERIES, n))
    # Summed in integers of the value's place, equal batches have equal bits: ties stay ties.
    means = drawn @ (distinct.astype(np.float64) / batch_size)
    scale = np.abs(means).max() or 1.0
    return shapiro_wilk(np.round(means / scale, 12)).pvalue


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


def _tests(
    gradients: NDArray[np.float32], design: Design, plans: Sequence[Plan]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Tests of the noise of batches drawn from all rows, and whether it varies: (S, K, R, C) each."""
    shape = len(design.batch_sizes), len(design.batches), design.repeats, gradients.shape[1]
    pvalues, varies = np.full(shape, np.nan), np.zeros(shape, np.bool_)
    full = gradients.mean(axis=0, dtype=np.float64)
    for repeat, how in enumerate(plans):
        noise = gather_noise(gradients, full, how)
        for size, series in zip(how.pieces.batch_sizes, noise, strict=True):
            for k, n in enumerate(design.batches):
                cell = design.batch_sizes.index(size), k, repeat
                pvalues[cell] = shapiro_wilk(series[:n], axis=0).pvalue
                varies[cell] = series[:n].min(axis=0) < series[:n].max(axis=0)
    return pvalues, varies


def shapes_without_groups(values: NDArray[Any]) -> Iterator[tuple[Floats, Floats]]:
    """Skewness and excess kurtosis of every column without each of GROUPS groups of the samples; NaN if constant."""
    x = values - values.mean(axis=0, dtype=np.float64)
    parts, power = np.empty((GROUPS, 4, x.shape[1])), np.ones_like(x)
    for exponent in range(4):
        power *= x
        parts[:, exponent] = [power[g::GROUPS].sum(axis=0) for g in range(GROUPS)]
    sizes = np.array([len(x[g::GROUPS]) for g in range(GROUPS)])
    for part, size in zip(parts, sizes, strict=True):
        m, p2, p3, p4 = (parts.sum(axis=0) - part) / max(1, len(x) - size)
        variance = p2 - m**2
        varying = variance > 1e-12 * parts[:, 1].sum(axis=0) / len(x)
        scale = np.sqrt(np.where(varying, variance, np.nan))
        skewness = (p3 - 3 * m * p2 + 2 * m**3) / scale**3
        kurtosis = (p4 - 4 * m * p3 + 6 * m**2 * p2 - 3 * m**4) / scale**4 - 3
        yield skewness, kurtosis


def shape_of_columns(values: NDArray[Any]) -> tuple[Floats, Floats]:
    """Skewness and excess kurtosis of every column, moments divided by N; NaN for constant columns."""
    x = values - values.mean(axis=0, dtype=np.float64)  # float64, whatever the values are
    squares = x * x
    variance = squares.mean(axis=0)
    x *= squares
    third = x.mean(axis=0)
    squares *= squares
    with np.errstate(divide="ignore", invalid="ignore"):
        skewness = third / variance**1.5
        kurtosis = squares.mean(axis=0) / variance**2 - 3
    return np.where(variance > 0, skewness, np.nan), np.where(variance > 0, kurtosis, np.nan)


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, SHAPED):
        yield slice(start, min(start + SHAPED, count))


def blocks(count: int, samples: int) -> Iterator[slice]:
    """Slices of the columns of so many samples that go through memory one after another."""
    width = max(1, min(COLUMNS, BLOCK_VALUES // max(1, samples)))
    width -= width % TILE if width > TILE else 0  # as batches are drawn
    for start in range(0, count, width):
        yield slice(start, min(start + width, count))
