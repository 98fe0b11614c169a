"""A layer's tails: the index of every coordinate; the pooled index and the norm beside their nulls."""

import math
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradnoise.draws.streams import Stream, generator
from gradnoise.noise.store import Noise, column_blocks
from gradnoise.tails.columns import rows_of
from gradnoise.tails.norm import norm_shape, null_shape
from gradnoise.tails.pooled import index_of, pooled_null, pooled_sums, predicted_pooled
from gradnoise.tails.stable.index import DEFAULT, tail_index

Floats = NDArray[np.float64]


Fields = dict[str, NDArray[Any]]


class TailIndices(NamedTuple):
    """Results of a layer over S batch sizes, R repeats and C coordinates, at no level of the test.

    Attributes:
        indices: by method `alpha` and `scale`, float32, and `converged`, bool, each (S, R, C).
        norms: structured array of S * R rows, as `columns.TABLES` says.
    """

    indices: dict[str, Fields]
    norms: NDArray[Any]


def measure_tails(
    noise: Sequence[Noise],
    batch_sizes: Sequence[int],
    batches: int,
    repeats: Sequence[int],
    methods: Sequence[str] = (DEFAULT,),
    seed: int = 0,
) -> TailIndices:
    """Tail indices of a layer's coordinates, its pooled index and norms, read in blocks of at most 4 MiB.

    `pooled_null` and the norm's nulls are of one simulation per batch size and repeat with the coordinates'
    measured scales.

    Args:
        noise: one array (S, batches or more, C) of float32 per repeat.
        batch_sizes: the S mini-batch sizes.
        batches: the first n mini-batches of each size are taken.
        repeats: numbers of the R repeats.
        methods: of `gradnoise.tails.tail_index`.
        seed: of everything simulated.
    """
    shape = len(batch_sizes), len(repeats), noise[0].shape[-1]
    indices = {method: _empty(shape) for method in methods}
    norms = []
    for (s, size), (r, repeat) in product(enumerate(batch_sizes), enumerate(repeats)):
        layer = _WholeLayer(batches, shape[2])
        for columns in column_blocks(noise[r], batches):
            block = np.asarray(noise[r][s, :batches, columns])
            for method, fields in indices.items():
                found = tail_index(block, axis=0, method=method)
                for name, values in found._asdict().items():
                    fields[name][s, r, columns] = values
            layer.add(block)
        random = generator(seed, Stream.TAILS, "layer", size, repeat)
        drawn = {"batch_size": size, "batches": batches, "repeat": repeat}
        norms.append({**drawn, **layer.describe(random)})
    return TailIndices(indices, rows_of("norms", norms))


def _empty(shape: tuple[int, int, int]) -> Fields:
    """A method's fields, to be filled in; float32, as no estimator is good to more than two digits."""
    return {
        "alpha": np.empty(shape, np.float32),
        "scale": np.empty(shape, np.float32),
        "converged": np.empty(shape, np.bool_),
    }


class _WholeLayer:
    """What is summed over all coordinates of one batch size and repeat, block after block."""

    def __init__(self, batches: int, coordinates: int) -> None:
        self.batches = batches
        self.block = math.isqrt(batches * coordinates)
        self.pooled = np.zeros(4)
        self.squares = np.zeros(batches)
        self.few = coordinates <= batches
        self.columns = np.empty((batches, coordinates if self.few else 0), np.float32)
        self.filled = 0
        self.products = np.zeros((0, 0) if self.few else (batches, batches))
        self.scales: list[Floats] = []

    def add(self, noise: NDArray[np.float32]) -> None:
        """Add a block of coordinates, (batches, columns)."""
        values = noise.astype(np.float64)
        self.pooled += pooled_sums(values, self.block)
        self.squares += np.square(values).sum(axis=1)
        if self.few:
            here = slice(self.filled, self.filled + values.shape[1])
            self.columns[:, here], self.filled = noise, here.stop
        else:
            centred = _centred(values)
            self.products += centred @ centred.T
        self.scales.append(values.std(axis=0))

    def describe(self, random: np.random.Generator) -> dict[str, Any]:
        """Pooled index and shape of the norm, each with its nulls."""
        scales = np.concatenate(self.scales)
        measured = norm_shape(np.sqrt(self.squares))
        # The products of all pairs of batches have the eigenvalues of the coordinates' covariance, besides zeros.
        products = _products(self.columns) if self.few else self.products
        products /= max(np.trace(products), np.finfo(np.float64).tiny)
        eigenvalues = np.linalg.eigvalsh(products)
        nulls = {
            "": null_shape(scales**2 / max(np.sum(scales**2), 1e-300), self.batches, random),
            "_correlated": null_shape(
                np.where(eigenvalues > 1e-12, eigenvalues, 0.0), self.batches, random
            ),
        }
        shapes = {f"norm_{name}": value for name, value in measured._asdict().items()}
        for kind, (mean, deviation) in nulls.items():
            for name, value in mean._asdict().items():
                shapes[f"norm_{name}{kind}_null"] = value
            for name, value in deviation._asdict().items():
                shapes[f"norm_{name}{kind}_null_sd"] = value
        return {
            "pooled_mohammadi": index_of(self.pooled, self.block),
            "pooled_predicted": predicted_pooled(scales, self.block),
            "pooled_null": pooled_null(scales, self.batches, self.block, random),
            "pooled_block": self.block,
            **shapes,
        }


def _centred(noise: NDArray[Any]) -> Floats:
    """Noise less its mean over the batches, of which a dead coordinate leaves nothing."""
    values = noise.astype(np.float64)
    values -= values.mean(axis=0)
    return values


def _products(noise: NDArray[np.float32]) -> Floats:
    """Products of all pairs of centred columns of (batches, C), (C, C): some columns at a time in float64."""
    count = noise.shape[1]
    blocks = list(column_blocks(noise, 2 * len(noise)))
    found = np.empty((count, count))
    for place, rows in enumerate(blocks):
        left = _centred(noise[:, rows])
        found[rows, rows] = left.T @ left
        for columns in blocks[place + 1 :]:
            found[rows, columns] = left.T @ _centred(noise[:, columns])
            found[columns, rows] = found[rows, columns].T
    return found
