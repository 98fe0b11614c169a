"""A few small images of the data set that comes with Gradnoise, for studies of the whole experiment."""

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.embedded import place
from gradnoise.data.variables import INPUTS, SPLITS, TARGETS
from gradnoise.store.results import opened

SIDE = 28  # pixels


def small_images(
    random: np.random.Generator, count: int, side: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Training images of all classes, made small by the means of squares of pixels.

    Args:
        random: chooses the images.
        count: how many.
        side: pixels that are left of 28; a divisor of it.

    Returns:
        Inputs (count, side^2), each pixel with mean 0 and all with variance 1, and classes (count,).

    Raises:
        InputError: where the file is missing or damaged.
    """
    with opened(place(), "data") as file:
        targets = file[SPLITS[0]][TARGETS.name][...]
    return _pooled(np.sort(random.choice(len(targets), count, replace=False)), side)


def labelled_images(
    random: np.random.Generator, counts: NDArray[np.integer], side: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """So many training images of every class, as `small_images` gives them.

    Args:
        random: chooses the images.
        counts: (classes,), how many of each.
        side: pixels that are left of 28; a divisor of it.

    Raises:
        InputError: where the file is missing or damaged.
        ValueError: where a class has fewer images.
    """
    with opened(place(), "data") as file:
        targets = file[SPLITS[0]][TARGETS.name][...]
    chosen = [
        random.choice(np.flatnonzero(targets == label), count, replace=False)
        for label, count in enumerate(counts)
    ]
    return _pooled(np.sort(np.concatenate(chosen)), side)


def _pooled(
    chosen: NDArray[np.integer], side: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    with opened(place(), "data") as file:
        targets = file[SPLITS[0]][TARGETS.name][...]
        images = file[SPLITS[0]][INPUTS.name][chosen].astype(np.float64)
    pooled = images.reshape(len(chosen), side, SIDE // side, side, SIDE // side).mean(axis=(2, 4))
    inputs = pooled.reshape(len(chosen), side**2)
    inputs -= inputs.mean(axis=0)
    return inputs / inputs.std(), targets[chosen].astype(np.int64)
