"""Inputs as models see them: centred and scaled by the training inputs' statistics."""

import numpy as np
from numpy.typing import NDArray


def statistics(inputs: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation: per channel of uint8 images (scale 0..1), else per feature.

    A standard deviation of 0 is returned as 1, so that a constant feature becomes 0 and not NaN.
    """
    if inputs.dtype == np.uint8:
        counts = np.zeros((inputs.shape[1], 256), np.int64)
        # Whole numbers: the result does not depend on the order of summation.
        for start in range(0, len(inputs), 1024):
            for channel, count in enumerate(counts):
                count += np.bincount(inputs[start : start + 1024, channel].ravel(), minlength=256)
        share, values = counts / counts.sum(axis=1, keepdims=True), np.arange(256) / 255
        mean = share @ values
        variance = (share * (values - mean[:, None]) ** 2).sum(axis=1)
    else:
        # From the first sample on, so that a large offset costs no digits and a constant feature varies by 0; in
        # float64 a block at a time, not a second copy.
        origin = inputs[0].astype(np.float64)
        distance, variance = np.zeros_like(origin), np.zeros_like(origin)
        for start in range(0, len(inputs), 1024):
            distance += (inputs[start : start + 1024] - origin).sum(axis=0) / len(inputs)
        mean = origin + distance
        for start in range(0, len(inputs), 1024):
            variance += ((inputs[start : start + 1024] - mean) ** 2).sum(axis=0) / len(inputs)
    deviation = np.sqrt(variance)
    return mean, np.where(deviation > 0, deviation, 1.0)


def normalise(
    block: NDArray,
    mean: NDArray[np.float64],
    deviation: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:
    """(x / 255 - mean) / deviation of images, (x - mean) / deviation of all else."""
    if block.dtype == np.uint8:
        factor, shift = 1 / (255 * deviation), mean / deviation
        np.multiply(block, factor.astype(np.float32)[:, None, None], out=out)
        out -= shift.astype(np.float32)[:, None, None]
    else:  # in float64, as a large mean would cancel
        out[...] = (block - mean) / deviation


def treatment(dtype: np.dtype, normalised: bool) -> str:
    """What becomes of inputs of a stored type before models see them, for a reader."""
    if dtype.kind == "i":
        return "integers as read (tokens), neither centred nor scaled"
    images = dtype == np.uint8
    if normalised:
        what, each = ("images", "channel") if images else ("numbers", "feature")
        return f"{what}, centred and scaled per {each} by the training inputs' mean and standard deviation"
    return "images from 0 to 1" if images else "numbers as read"
