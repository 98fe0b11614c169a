"""The one HDF5 file that holds a data set for every later stage: checked bytes in, normalised arrays out."""

import hashlib
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.checksums import checksum, header, seal
from gradnoise.data.normalisation import normalise, statistics
from gradnoise.data.samples import Source, Task
from gradnoise.errors import InputError
from gradnoise.store.variables import Variable

SPLITS = ("train", "test")
INPUTS = Variable(
    "inputs",
    "inputs as read, which models see centred and scaled; images are 8-bit (sample, channel, row, column)",
    dimensions=("sample", "feature"),
)
TARGETS = Variable(
    "targets",
    "class numbers (sample), or regression targets (sample, output)",
    dimensions=("sample",),
)
PARAMETERS = Variable(
    "parameters", "truth that generated synthetic data", dimensions=("feature", "output")
)
# By group of the file.
ARRAYS = {"": (PARAMETERS,), **dict.fromkeys(SPLITS, (INPUTS, TARGETS))}

CHUNK = 1 << 20  # bytes read or written at a time, so that they stay in the processor's cache
WORTHWHILE = 0.75  # compressed size over plain size, at most
SEAL = "attributes_checksum"


@dataclass(frozen=True)
class Dataset:
    """A data set as models see it.

    Attributes:
        train_inputs: float32 (N, ...), normalised with the training inputs' statistics unless `standardise` is false;
            images are (N, channels, height, width). Synthetic inputs are as drawn.
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
        path: the HDF5 file: `ARRAYS` (the parameters of synthetic data only), and all else that `Dataset` has
            as root attributes.
        source: checked and split samples.
        name: which data set, as in the config.

    Returns:
        The data's checksum.
    """
    import h5py

    arrays = _arrays(source)
    attributes = _attributes(source, name) | {"checksum": checksum(arrays.values())}
    # This version of the format checksums its headers, and takes attributes of more than 64 KiB.
    with h5py.File(path, "w", libver="v110") as file:
        for array, values in arrays.items():
            _write_array(file, array, values)
        if source.parameters is not None:
            _label(file.create_dataset(PARAMETERS.name, data=source.parameters), PARAMETERS)
        for key, value in attributes.items():
            kind = h5py.string_dtype() if key == "classes" else None
            file.attrs.create(key, value, dtype=kind, shape=np.shape(value))
        file.attrs[SEAL] = seal(attributes, source.parameters)
    return str(attributes["checksum"])


def _arrays(source: Source) -> dict[str, NDArray]:
    """Inputs and targets of both splits by their name in the file, in the order of the checksum."""
    assert source.test is not None, "split first"
    return {
        f"{split}/{array}": values
        for split, part in zip(SPLITS, (source.train, source.test), strict=True)
        for array, values in ((INPUTS.name, part.inputs), (TARGETS.name, part.targets))
    }


def _attributes(source: Source, name: str) -> dict[str, Any]:
    """All that the file says besides the samples, but for their checksum."""
    mean, deviation = statistics(source.train.inputs)
    if not source.normalise:
        mean, deviation = np.zeros_like(mean), np.ones_like(deviation)
    return {
        "dataset": name,
        "task": source.task,
        "classes": list(source.classes),
        "outputs": len(source.classes) or source.train.targets.shape[1],
        "mean": mean.tolist(),
        "standard_deviation": deviation.tolist(),
        "source": source.name,
    }


def load(path: Path) -> Dataset:
    """Read what `write` wrote, verified and normalised.

    Raises:
        InputError: where the file is missing, cut short, or not what was written.
    """
    import h5py

    if not path.is_file():
        raise InputError(f"{path}: found no such file; expected what the data stage writes")
    try:
        with h5py.File(path, "r") as file:
            return _read(file)
    except InputError:
        raise
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: expected a data set as the data stage writes it, found it damaged: {error}"
        ) from error


def _read(file: Any) -> Dataset:
    """The data set in an open file.

    Raises:
        InputError: where a checksum is not that of what is there.
    """
    digest = hashlib.sha256()
    parameters = file[PARAMETERS.name][()] if PARAMETERS.name in file else None
    attributes = _plain(file.attrs)
    expected = attributes.pop(SEAL), attributes["checksum"]
    mean, deviation = (np.array(attributes[key]) for key in ("mean", "standard_deviation"))
    train_inputs, train_targets, test_inputs, test_targets = (
        _read_array(file[f"{split}/{array.name}"], digest, mean, deviation)
        for split in SPLITS
        for array in ARRAYS[split]
    )
    found = seal(attributes, parameters), digest.hexdigest()
    if found != expected:
        raise InputError(
            f"{file.filename}: found checksums {found}; expected {expected}: the file was altered"
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


def _write_array(file: Any, name: str, values: NDArray) -> None:
    """Compressed where that pays: photographs and noise would only read more slowly."""
    rows = min(len(values), _rows(values))
    trial = values[:rows].tobytes()
    packed = len(zlib.compress(trial, 1)) < WORTHWHILE * len(trial)
    options = {"compression": "gzip", "compression_opts": 1} if packed else {}
    chunks = (rows, *values.shape[1:]) if packed else None
    stored = file.create_dataset(name, data=values, chunks=chunks, **options)
    variable = INPUTS if name.endswith(INPUTS.name) else TARGETS
    _label(stored, variable._replace(dimensions=_dimensions(variable, values.ndim)))


def _dimensions(variable: Variable, count: int) -> tuple[str, ...]:
    """Names of an array's dimensions: whatever the shape of one input, and whatever the task."""
    if variable is TARGETS:
        return ("sample", "output")[:count]
    if count == 4:
        return ("sample", "channel", "row", "column")
    return ("sample", "feature", *(f"feature_{axis}" for axis in range(2, count)))[:count]


def _label(stored: Any, variable: Variable) -> None:
    """What the array is, into its attributes."""
    stored.attrs.update({"units": variable.units, "long_name": variable.long_name})
    for axis, dimension in enumerate(variable.dimensions):
        stored.dims[axis].label = dimension


def _read_array(stored: Any, digest: Any, mean: NDArray, deviation: NDArray) -> NDArray:
    """Read a block at a time, entering its bytes in the digest: inputs normalised, targets as they are."""
    inputs = stored.name.endswith(INPUTS.name)
    result = np.empty(stored.shape, np.float32 if inputs else stored.dtype)
    digest.update(header(stored))
    rows = _rows(stored)
    for start in range(0, len(stored), rows):
        block = stored[start : start + rows]
        digest.update(block)
        if inputs:
            normalise(block, mean, deviation, out=result[start : start + rows])
        else:
            result[start : start + rows] = block
    return result


def _rows(values: Any) -> int:
    """Samples of a chunk; `values` has a `shape` and `dtype`."""
    return max(1, CHUNK // (math.prod(values.shape[1:]) * values.dtype.itemsize))


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.tolist() if hasattr(value, "tolist") else value
        for key, value in attributes.items()
    }
