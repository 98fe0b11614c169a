"""The one HDF5 file that holds a data set for every later stage: checked bytes in, normalised arrays out."""

import hashlib
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.samples import Source, Task
from gradnoise.errors import InputError

ARRAYS = ("train/inputs", "train/targets", "test/inputs", "test/targets")


CHUNK = 1 << 20  # bytes read or written at a time, so that they stay in the processor's cache


WORTHWHILE = 0.75  # compressed size over plain size, at most


SEAL = "attributes_checksum"


@dataclass(frozen=True)
class Dataset:
    """A data set as models see it.

    Attributes:
        train_inputs: float32 (N, ...), normalised with the training inputs' statistics; images are
            (N, channels, height, width). Synthetic inputs are as drawn.
        train_targets: int64 (N,) in classification, float32 (N, outputs) in regression.
        test_inputs: as train_inputs.
        test_targets: as train_targets.
        task: "classification" or "regression".
        classes: names of the classes; empty in regression.
        outputs: number of classes, or of regression targets.
        input_shape: shape of one input.
        mean: float64, per channel of images (on the scale 0..1), else per feature, in the input's shape.
        standard_deviation: as mean; 1 where a feature is constant.
        checksum: SHA-256 of the four stored arrays.
        name: which data set, as in the config.
        source: where it was read from.
        parameters: (features, outputs) that generated synthetic data, else None.
    """

    train_inputs: NDArray[np.float32]
    train_targets: NDArray
    test_inputs: NDArray[np.float32]
    test_targets: NDArray
    task: Task
    classes: tuple[str, ...]
    outputs: int
    input_shape: tuple[int, ...]
    mean: NDArray[np.float64]
    standard_deviation: NDArray[np.float64]
    checksum: str
    name: str
    source: str
    parameters: NDArray[np.float64] | None


def write(path: Path, source: Source, name: str) -> str:
    """Write a checked source with both splits: the same bytes for the same data.

    Args:
        path: the HDF5 file: groups `train` and `test` of `inputs` and `targets`, `parameters` of synthetic
            data, and all else that `Dataset` has as root attributes.
        source: checked and split samples.
        name: which data set, as in the config.

    Returns:
        The data's checksum.
    """
    import h5py

    assert source.test is not None, "split first"
    train, test = source.train, source.test
    arrays = (train.inputs, train.targets, test.inputs, test.targets)
    mean, deviation = statistics(train.inputs)
    if not source.normalise:
        mean, deviation = np.zeros_like(mean), np.ones_like(deviation)
    attributes = {
        "dataset": name,
        "task": source.task,
        "classes": list(source.classes),
        "outputs": len(source.classes) or train.targets.shape[1],
        "mean": mean.tolist(),
        "standard_deviation": deviation.tolist(),
        "source": source.name,
        "checksum": _checksum(arrays),
    }
    # This version of the format checksums its headers, and takes attributes of more than 64 KiB.
    with h5py.File(path, "w", libver="v110") as file:
        for array, values in zip(ARRAYS, arrays, strict=True):
            _write_array(file, array, values)
        if source.parameters is not None:
            file.create_dataset("parameters", data=source.parameters, track_times=False)
        for key, value in attributes.items():
            kind = h5py.string_dtype() if key == "classes" else None
            file.attrs.create(key, value, dtype=kind, shape=np.shape(value))
        file.attrs[SEAL] = _seal(attributes, source.parameters)
    return str(attributes["checksum"])


def load(path: Path) -> Dataset:
    """Read what `write` wrote, verified and normalised.

    Raises:
        InputError: where the file is missing, cut short, or not what was written.
    """
    import h5py

    if not path.is_file():
        raise InputError(f"{path}: found no such file; expected what the data stage writes")
    digest = hashlib.sha256()
    try:
        with h5py.File(path, "r") as file:
            parameters = file["parameters"][()] if "parameters" in file else None
            attributes = _plain(file.attrs)
            expected = attributes.pop(SEAL), attributes["checksum"]
            mean, deviation = (np.array(attributes[key]) for key in ("mean", "standard_deviation"))
            train_inputs, train_targets, test_inputs, test_targets = (
                _read_array(file[name], digest, mean, deviation) for name in ARRAYS
            )
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: expected a data set as the data stage writes it, found it damaged: {error}"
        ) from error
    found = _seal(attributes, parameters), digest.hexdigest()
    if found != expected:
        raise InputError(
            f"{path}: found checksums {found}; expected {expected}: the file was altered"
        )
    return Dataset(
        train_inputs,
        train_targets,
        test_inputs,
        test_targets,
        task=attributes["task"],
        classes=tuple(attributes["classes"]),
        outputs=attributes["outputs"],
        input_shape=train_inputs.shape[1:],
        mean=mean,
        standard_deviation=deviation,
        checksum=found[1],
        name=attributes["dataset"],
        source=attributes["source"],
        parameters=parameters,
    )


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
        mean = inputs.mean(axis=0, dtype=np.float64)
        variance = np.zeros_like(mean)
        for start in range(0, len(inputs), 1024):  # in float64 a block at a time, not a second copy
            variance += ((inputs[start : start + 1024] - mean) ** 2).sum(axis=0) / len(inputs)
    deviation = np.sqrt(variance)
    return mean, np.where(deviation > 0, deviation, 1.0)


def _normalise(
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


def _write_array(file: Any, name: str, values: NDArray) -> None:
    """Compressed where that pays: photographs and noise would only read more slowly."""
    rows = min(len(values), _rows(values))
    trial = values[:rows].tobytes()
    packed = len(zlib.compress(trial, 1)) < WORTHWHILE * len(trial)
    options = {"compression": "gzip", "compression_opts": 1} if packed else {}
    chunks = (rows, *values.shape[1:]) if packed else None
    file.create_dataset(name, data=values, chunks=chunks, track_times=False, **options)


def _read_array(stored: Any, digest: Any, mean: NDArray, deviation: NDArray) -> NDArray:
    """Read a block at a time, entering its bytes in the digest: inputs normalised, targets as they are."""
    inputs = stored.name.endswith("inputs")
    result = np.empty(stored.shape, np.float32 if inputs else stored.dtype)
    digest.update(_header(stored))
    rows = _rows(stored)
    for start in range(0, len(stored), rows):
        block = stored[start : start + rows]
        digest.update(block)
        if inputs:
            _normalise(block, mean, deviation, out=result[start : start + rows])
        else:
            result[start : start + rows] = block
    return result


def _rows(values: Any) -> int:
    """Samples of a chunk; `values` has a `shape` and `dtype`."""
    return max(1, CHUNK // (math.prod(values.shape[1:]) * values.dtype.itemsize))


def _header(values: Any) -> bytes:
    return f"{values.dtype.str} {values.shape}\n".encode()


def _checksum(arrays: Iterable[NDArray]) -> str:
    """SHA-256 of the four arrays, each behind one line of its type and shape."""
    digest = hashlib.sha256()
    for values in arrays:
        digest.update(_header(values))
        digest.update(values.data)
    return digest.hexdigest()


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.tolist() if hasattr(value, "tolist") else value
        for key, value in attributes.items()
    }


def _seal(attributes: Mapping[str, Any], parameters: NDArray | None) -> str:
    """SHA-256 of everything besides the samples."""
    everything = {**attributes, "parameters": None if parameters is None else parameters.tolist()}
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()
