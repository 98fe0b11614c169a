"""The one HDF5 file that holds a data set for every later stage: checked bytes in, normalised arrays out."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.blocks import label, read_array, read_inputs, write_array
from gradnoise.data.checksums import checksum, seal
from gradnoise.data.normalisation import statistics, treatment
from gradnoise.data.samples import Source, Task
from gradnoise.data.variables import INPUTS, PARAMETERS, SPLITS, TARGETS
from gradnoise.errors import InputError
from gradnoise.store.variables import Variable

SEAL = "attributes_checksum"


@dataclass(frozen=True)
class Dataset:
    """A data set as models see it.

    Attributes:
        train_inputs: float32 (N, ...), normalised with the training inputs' statistics unless `standardise` is false;
            images are (N, channels, height, width). Synthetic inputs are as drawn. Tokens are int64, as read.
        train_targets: int64 (N,) in classification, int64 (N, positions) of sequences, -100 where a position is left
            out; float32 (N, outputs) in regression.
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

    train_inputs: NDArray
    train_targets: NDArray
    test_inputs: NDArray
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

    @property
    def tokens(self) -> bool:
        """Whether inputs are integers."""
        return self.train_inputs.dtype.kind == "i"

    @property
    def positions(self) -> tuple[int, ...]:
        """Shape of one sample's class labels: () of samples, (T,) of sequences."""
        return self.train_targets.shape[1:] if self.task == "classification" else ()


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

    from gradnoise.store.results import created

    arrays = _arrays(source)
    attributes = _attributes(source, name) | {"checksum": checksum(arrays.values())}
    # This version of the format checksums its headers, and takes attributes of more than 64 KiB.
    with created(path, libver="v110") as file:
        for array, values in arrays.items():
            variable = INPUTS if array.endswith(INPUTS.name) else TARGETS
            write_array(
                file, array, values, variable._replace(dimensions=_dimensions(variable, values))
            )
        if source.parameters is not None:
            label(file.create_dataset(PARAMETERS.name, data=source.parameters), PARAMETERS)
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
    if not source.normalise or source.train.inputs.dtype.kind == "i":
        mean, deviation = np.zeros_like(mean), np.ones_like(deviation)
    return {
        "dataset": name,
        "task": source.task,
        "classes": list(source.classes),
        "outputs": len(source.classes) or source.train.targets.shape[1],
        "mean": mean.tolist(),
        "standard_deviation": deviation.tolist(),
        "source": source.name,
        "treatment": treatment(source.train.inputs.dtype, source.normalise),
    }


def _dimensions(variable: Variable, values: NDArray) -> tuple[str, ...]:
    """Names of an array's dimensions: whatever the shape of one input, and whatever the task."""
    integers, count = values.dtype.kind == "i", values.ndim
    if variable is TARGETS:
        return ("sample", "position" if integers else "output")[:count]
    if count == 4 and not integers:
        return ("sample", "channel", "row", "column")
    return ("sample", "feature", *(f"feature_{axis}" for axis in range(2, count)))[:count]


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
            f"{path}: expected a data set as the data stage writes it, found it damaged ({error}); delete it and run again"
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
    (train_inputs, train_targets), (test_inputs, test_targets) = (
        (
            read_inputs(file[split][INPUTS.name], digest, mean, deviation),
            read_array(file[split][TARGETS.name], digest),
        )
        for split in SPLITS
    )
    found = seal(attributes, parameters), digest.hexdigest()
    if found != expected:
        raise InputError(
            f"{file.filename}: found checksums {found}; expected {expected}: the file was altered; delete it and run again"
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


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value.tolist() if hasattr(value, "tolist") else value
        for key, value in attributes.items()
    }
