"""Images for the studies of networks: the data set that comes with Gradnoise, made small."""

import numpy as np

from gradnoise.data.embedded import place
from gradnoise.data.variables import INPUTS, SPLITS, TARGETS
from gradnoise.related.study import Floats
from gradnoise.store.results import opened

CLASSES = 2, 6  # pullovers and shirts, which are hard to tell apart


def two_classes(random: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Images of two classes, 7 x 7 pixels.

    Args:
        random: chooses the images.
        count: how many, half of each class.

    Returns:
        Inputs (count, 49), each pixel with mean 0 and all with variance 1, and targets (count,), -1 and 1.

    Raises:
        InputError: where the file is missing or damaged.
    """
    with opened(place(), "data") as file:
        targets = file[SPLITS[0]][TARGETS.name][...]
        chosen = [random.choice(np.flatnonzero(targets == k), count // 2, False) for k in CLASSES]
        at = np.sort(np.concatenate(chosen))
        images = file[SPLITS[0]][INPUTS.name][at].astype(np.float64)
    pooled = images.reshape(count, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(count, 49)
    pooled -= pooled.mean(axis=0)
    return pooled / pooled.std(), np.where(targets[at] == CLASSES[0], -1.0, 1.0)
