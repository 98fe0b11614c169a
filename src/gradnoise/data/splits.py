"""Which samples are learnt from: a test set where the source has none, and a subset for training."""

import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.samples import Source, Task, check
from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import InputError

log = logging.getLogger(__name__)


def held_out(
    targets: NDArray, task: Task, fraction: float, seed: int, where: str
) -> NDArray[np.bool_]:
    """Which samples make the test split: a seeded share, of every class alike where a sample has one.

    Raises:
        InputError: where the fraction lies outside (0, 1), or leaves either split empty.
    """
    if not 0 < fraction < 1:
        raise InputError(
            f"{where}: found no test samples and test_fraction {fraction}; expected test samples "
            "or a test_fraction between 0 and 1"
        )
    chosen = np.zeros(len(targets), bool)
    for group, rows in _groups(targets, task):
        order = generator(seed, Stream.SUBSET, "test", group).permutation(rows)
        chosen[order[: min(round(fraction * len(rows)), len(rows) - 1)]] = True
    if not chosen.any():
        raise InputError(
            f"{where}: found {len(targets)} samples, too few for a test_fraction of {fraction}"
        )
    return chosen


def split(source: Source, fraction: float, seed: int) -> Source:
    """The source with a test split, its own or a seeded share of the training samples."""
    if source.test is not None:
        return source
    chosen = held_out(source.train.targets, source.task, fraction, seed, source.name)
    log.info("%s: %d of %d samples held out for testing", source.name, chosen.sum(), chosen.size)
    train, test = np.flatnonzero(~chosen), np.flatnonzero(chosen)
    return replace(source, train=source.train[train], test=source.train[test])


def subset(source: Source, size: int | None, seed: int) -> Source:
    """The source with `size` training samples, the same number of every class (give or take one).

    Seeded; a larger subset contains every smaller one that has the same remainder over classes.

    Raises:
        InputError: where there are not so many samples, of all or of a class.
    """
    if size is None:
        return source
    targets = source.train.targets
    groups = _groups(targets, source.task)
    if not len(groups) <= size <= len(targets):
        raise InputError(
            f"{source.name}: found subset {size}; expected {len(groups)} to {len(targets)}, "
            "as many as there are training samples"
        )
    rows = []
    for position, (group, members) in enumerate(groups):
        wanted = size // len(groups) + (position < size % len(groups))
        if wanted > len(members):
            raise InputError(
                f"{source.name}: found {len(members)} training samples of class {group}; "
                f"expected at least {wanted} for a balanced subset of {size}"
            )
        order = generator(seed, Stream.SUBSET, "train", group).permutation(members)
        rows.append(order[:wanted])
    return replace(source, train=source.train[np.sort(np.concatenate(rows))])


def select(source: Source, test_fraction: float, size: int | None, seed: int) -> Source:
    """The source checked, with a test split, and with `size` training samples (all where it is None).

    Raises:
        InputError: as `check`, `split` and `subset`.
    """
    return subset(split(check(source), test_fraction, seed), size, seed)


def _groups(targets: NDArray, task: Task) -> list[tuple[int, NDArray[np.int64]]]:
    """Rows of each class, or all rows as one group in regression and of sequences."""
    if task == "regression" or targets.ndim > 1:
        return [(0, np.arange(len(targets)))]
    order = np.argsort(targets, kind="stable")
    starts = np.cumsum(np.bincount(targets))[:-1]
    return list(enumerate(np.split(order, starts)))
