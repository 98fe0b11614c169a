"""Noise of a small layer with coordinates of every class, and stores of it."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zarr

from gradnoise.gaussianity.analysis import describe_layer
from gradnoise.gaussianity.repeatability import repeatability
from gradnoise.gaussianity.summary import summarise
from gradnoise.noise.store import BATCH_SIZE, COORDINATE, NOISE, NOISE_ALONG_DIRECTIONS
from gradnoise.store import arrays

SIZES, STORED, COUNT = [16, 64], 60, 50


def layer(seed: int = 0, count: int = COUNT) -> np.ndarray:
    """Noise (2, 60, count): coordinate 0 dead, 1 sparse, 2 quantised, the others Gaussian."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal((len(SIZES), STORED, count)).astype(np.float32)
    noise[..., 0] = -1e-5
    noise[..., 1] = np.where(random.random((len(SIZES), STORED)) < 0.3, noise[..., 1], 0.5)
    noise[..., 2] = np.arange(STORED) % 7
    return noise


class Described(NamedTuple):
    """A layer, and what a level of the test makes of it."""

    coordinates: dict[str, np.ndarray]
    directions: dict[str, np.ndarray]
    summary: np.ndarray
    repeatability: np.ndarray


def analysis(significance: float = 0.05, **changes: Any) -> Described:
    arguments = {
        "noise": [layer(1), layer(2), layer(3)],
        "noise_along_directions": [layer(4, 10), layer(5, 10), layer(6, 10)],
        "batch_sizes": SIZES,
        "batches": [20, 60],
        "repeats": [1, 2, 3],
    }
    given: Any = arguments | changes
    fields = [describe_layer(given[name], given["batches"]) for name in list(given)[:2]]
    cells = given["batch_sizes"], given["batches"]
    return Described(
        *fields,
        summarise(*fields, *cells, given["repeats"], significance),
        repeatability(*fields, *cells, significance),
    )


def write_store(path: Path, repeat: int, noise: np.ndarray) -> None:
    root = zarr.open_group(path, mode="w")
    root.attrs.update(
        seed=5, epoch=3, repeat=repeat, sampling="with_replacement", versions={"a": 1}
    )
    group = root.create_group(
        "conv1.weight",
        attributes={"size": 432, "layer": "conv1", "operation": "convolution", "kind": "weight"},
    )
    arrays.put_array(group, BATCH_SIZE, np.array(SIZES))
    arrays.put_array(group, COORDINATE, 3 * np.arange(noise.shape[2]) + 1)
    shape, width = noise.shape, noise.shape[2]
    chunks, shards = (1, 20, 16), (1, 20, 16 * -(-width // 16))
    arrays.create_array(group, NOISE, shape, chunks, shards)[...] = noise
    arrays.put_array(group, NOISE_ALONG_DIRECTIONS, noise[..., 3:9])
    arrays.seal(root)
