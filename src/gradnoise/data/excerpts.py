"""Parts of the data file that later stages read without the whole: targets, some images, its description."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.variables import INPUTS, SPLITS, TARGETS
from gradnoise.store.results import opened

TRAIN, TEST = SPLITS


def read_targets(path: Path) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Training targets and class names of a data file, without its inputs.

    Returns:
        The targets, and the names of the classes: none where a sample has no class of its own (in regression, in
        sequences).

    Raises:
        InputError: where it is no such file.
    """
    with opened(path, "data") as file:
        targets = file[TRAIN][TARGETS.name][...]
        return targets, tuple(file.attrs["classes"]) if targets.ndim == 1 else ()


def read_images(path: Path, chosen: NDArray[np.int64]) -> tuple[NDArray[Any], list[str]] | None:
    """Images (n, H, W) or (n, H, W, 3) from 0 to 1 and class names of some training samples; None for no images."""
    with opened(path, "data") as file:
        inputs, targets = (file[TRAIN][array.name] for array in (INPUTS, TARGETS))
        images = inputs.ndim == 4 and inputs.shape[1] in (1, 3) and inputs.dtype != np.int64
        if not images or not chosen.size:
            return None
        order = np.argsort(chosen)
        values = inputs[np.sort(chosen)][np.argsort(order)].astype(np.float64)
        labels = targets[np.sort(chosen)][np.argsort(order)]
        names = [str(name) for name in np.atleast_1d(file.attrs.get("classes", []))]
    low, high = values.min(axis=(1, 2, 3)), values.max(axis=(1, 2, 3))
    scaled = (values - low[:, None, None, None]) / np.maximum(high - low, 1e-9)[:, None, None, None]
    images = scaled.transpose(0, 2, 3, 1)
    shown = [names[int(t)] if np.ndim(t) == 0 and int(t) < len(names) else str(t) for t in labels]
    return (images[..., 0] if images.shape[-1] == 1 else images), shown


def describe_data(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Name, checksum, sizes and treatment of the inputs that the data files state about themselves."""
    described = []
    for path in paths:
        with opened(path, "data") as file:
            described.append(
                {
                    "file": path.name,
                    "data_set": str(file.attrs.get("dataset", path.stem)),
                    "checksum": str(file.attrs["checksum"]),
                    "source": str(file.attrs.get("source", "")),
                    "train_samples": len(file[TRAIN][TARGETS.name]),
                    "test_samples": len(file[TEST][TARGETS.name]),
                    "inputs": str(file.attrs["treatment"]),
                }
            )
    return described
