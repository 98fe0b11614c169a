"""Raw samples and what must hold for them, whatever they were read from."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradnoise.errors import InputError

log = logging.getLogger(__name__)


Task = Literal["classification", "regression"]


CHANNELS = (1, 2, 3, 4)  # what an image's channel axis is recognised by


COARSE = 1e-3  # rounding to float32, over the range of a column, that would change a result


@dataclass(frozen=True)
class Samples:
    """`inputs` of shape (N, ...) and `targets` of shape (N,) or (N, outputs)."""

    inputs: NDArray
    targets: NDArray

    def __getitem__(self, rows: NDArray[np.int64]) -> "Samples":
        return Samples(self.inputs[rows], self.targets[rows])


@dataclass(frozen=True)
class Source:
    """What a reader found.

    Attributes:
        name: the file, folder or generator, as every message names it.
        train: training samples.
        test: test samples; None where the source has no such split.
        task: "classification" or "regression".
        classes: names of the classes; empty where the targets alone say how many there are.
        parameters: (features, outputs) of synthetic data, the truth that generated it.
        normalise: whether models see the inputs centred and scaled.
    """

    name: str
    train: Samples
    test: Samples | None
    task: Task
    classes: tuple[str, ...] = ()
    parameters: NDArray[np.float64] | None = None
    normalise: bool = True


def image_shape(shape: Sequence[int], dtype: np.dtype) -> tuple[int, ...] | None:
    """(channels, height, width) of an array of images, or None where it does not hold images.

    Images are uint8 arrays (N, height, width), (N, channels, height, width) or (N, height, width, channels).
    """
    if dtype != np.uint8 or len(shape) not in (3, 4):
        return None
    if len(shape) == 3:
        return (1, *shape[1:])
    if shape[1] not in CHANNELS and shape[3] in CHANNELS:
        return (shape[3], shape[1], shape[2])
    return tuple(shape[1:])


def require_channels_first(where: str, shape: Sequence[int], dtype: np.dtype) -> None:
    """Refuse what would be taken for an image of as many channels as rows.

    8-bit images with up to four channels last are known as such (`image_shape`); of all else no shape says so.

    Raises:
        InputError: for (N, height, width, channels) where the axes leave little doubt.
    """
    if len(shape) != 4:
        return
    first, second, last = shape[1:]
    if first in CHANNELS or (dtype == np.uint8 and last in CHANNELS):
        return
    if last < min(first, second) and (last in CHANNELS or first == second):
        raise InputError(
            f"{where}: found shape {tuple(shape)} and type {dtype}, which looks like images with channels last; "
            "expected (samples, channels, height, width): save np.moveaxis(inputs, 3, 1)"
        )


def standardised(where: str, inputs: NDArray, kind: type = np.float32) -> NDArray:
    """Inputs as they are stored: images as uint8 (N, channels, height, width), all else as finite float32, or as
    float64 where that is the kind and float32 would round them.

    Raises:
        InputError: for no samples, no feature axis, values that are no numbers, NaN or infinity.
    """
    if inputs.ndim < 2 or 0 in inputs.shape:
        raise InputError(
            f"{where}: found shape {inputs.shape}; expected (samples, features, ...), none of them 0"
        )
    require_channels_first(where, inputs.shape, inputs.dtype)
    shape = image_shape(inputs.shape, inputs.dtype)
    if shape is not None:
        moved = inputs.ndim == 4 and inputs.shape[1:] != shape
        images = np.moveaxis(inputs, 3, 1) if moved else inputs
        return np.ascontiguousarray(images.reshape(len(inputs), *shape))
    return _finite(where, inputs, kind)


def check(source: Source) -> Source:
    """A source with standard shapes and dtypes: targets int64 (N,) or float32 (N, outputs).

    Raises:
        InputError: names where, what was found and what was expected, for inputs and targets of different
            lengths, test samples unlike the training samples, labels that are no integers from 0 to
            classes - 1, a class without training sample, NaN or infinity, or a shape that does not fit.
    """
    train = _checked_split(source, source.train, "training")
    test = None if source.test is None else _checked_split(source, source.test, "test")
    if test is not None:
        if "u" not in (train.inputs.dtype.kind, test.inputs.dtype.kind):
            common = np.result_type(train.inputs, test.inputs)
            train = replace(train, inputs=train.inputs.astype(common, copy=False))
            test = replace(test, inputs=test.inputs.astype(common, copy=False))
        _require_alike(source.name, train, test)
    classes = source.classes
    if source.task == "classification":
        classes = classes or _counted(source.name, train.targets)
        _check_labels(source.name, "training", train.targets, classes)
        if test is not None:
            _check_labels(source.name, "test", test.targets, classes)
        _require_every_class(source.name, train.targets, classes)
    return replace(source, train=train, test=test, classes=classes)


def _counted(where: str, labels: NDArray[np.int64]) -> tuple[str, ...]:
    """Names of the classes 0 to the largest label; no more than samples, as every class has some."""
    largest = int(labels.max())
    if labels.min() == 1 and largest == len(np.unique(labels)):
        raise InputError(
            f"{where}: found labels from 1 to {largest}, and no training sample of class 0; expected labels from 0: "
            "subtract 1"
        )
    if largest >= len(labels):
        raise InputError(
            f"{where}: found label {largest} at training sample {labels.argmax()}, more than the {len(labels)} "
            "samples; expected labels from 0 to classes - 1"
        )
    return tuple(str(label) for label in range(largest + 1))


def _require_alike(where: str, train: Samples, test: Samples) -> None:
    for part in ("inputs", "targets"):
        found, expected = getattr(test, part), getattr(train, part)
        if found.shape[1:] != expected.shape[1:] or found.dtype != expected.dtype:
            raise InputError(
                f"{where}: found test {part} of shape {found.shape[1:]} and type {found.dtype}; "
                f"expected those of the training {part}, {expected.shape[1:]} and {expected.dtype}"
            )


def _require_every_class(where: str, targets: NDArray, classes: Sequence[str]) -> None:
    counts = np.bincount(targets, minlength=len(classes))
    if not counts.all():
        empty = int(np.argmin(counts))
        raise InputError(
            f"{where}: found no training sample of class {empty} ({classes[empty]!r}); "
            f"expected at least one of each of the {len(classes)} classes"
        )
    if len(classes) < 2:
        raise InputError(f"{where}: found 1 class; expected at least 2")


def _checked_split(source: Source, samples: Samples, name: str) -> Samples:
    where = f"{source.name}, {name}"
    if np.ma.is_masked(samples.inputs) or np.ma.is_masked(samples.targets):
        raise InputError(f"{where}: found masked values; expected all of them: fill or drop them")
    # What models see centred is rounded after that.
    kind = np.float64 if source.normalise else np.float32
    inputs, targets = standardised(f"{where} inputs", samples.inputs, kind), samples.targets
    if len(targets) != len(inputs):
        raise InputError(
            f"{where}: found {len(inputs)} inputs and {len(targets)} targets; expected a target per input"
        )
    if source.task == "classification":
        return Samples(inputs, _labels(f"{where} targets", targets))
    if targets.ndim not in (1, 2):
        raise InputError(
            f"{where} targets: found shape {targets.shape}; expected (samples,) or (samples, outputs)"
        )
    return Samples(inputs, _finite(f"{where} targets", targets.reshape(len(targets), -1)))


def _labels(where: str, targets: NDArray) -> NDArray[np.int64]:
    if targets.ndim != 1 or targets.dtype.kind not in "iub":
        raise InputError(
            f"{where}: found {targets.dtype} of shape {targets.shape}; expected integer class labels "
            "of shape (samples,)"
        )
    if targets.size and int(targets.max()) > np.iinfo(np.int64).max:
        raise InputError(
            f"{where}: found label {targets.max()} at sample {targets.argmax()}; expected classes"
        )
    return targets.astype(np.int64)


def _check_labels(where: str, name: str, targets: NDArray, classes: Sequence[str]) -> None:
    wrong = np.flatnonzero((targets < 0) | (targets >= len(classes)))
    if wrong.size:
        raise InputError(
            f"{where}, {name} targets: found label {targets[wrong[0]]} at sample {wrong[0]} "
            f"({wrong.size} such); expected 0 to {len(classes) - 1}"
        )


def _finite(where: str, values: NDArray, kind: type = np.float32) -> NDArray:
    """Real numbers as float32 or float64, all of them finite in float32.

    Raises:
        InputError: for values that are none, or that float32 cannot tell apart where it is asked for.
    """
    if values.dtype.kind not in "iuf":
        raise InputError(f"{where}: found type {values.dtype}; expected real numbers")
    with np.errstate(over="ignore"):  # becomes infinity, which is reported below
        single = np.ascontiguousarray(values, np.float32)
    wrong = ~np.isfinite(single)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise InputError(
            f"{where}: found {values[first]} at {first} ({wrong.sum()} such values); "
            "expected finite numbers within float32"
        )
    double = np.ascontiguousarray(values, np.float64)
    # Centring comes before rounding: what float32 holds exactly needs no more room.
    if kind is np.float64:
        return single if np.result_type(values.dtype, np.float32) == np.float32 else double
    if (np.abs(double - single).max(axis=0) > COARSE * np.ptp(double, axis=0)).any():
        raise InputError(
            f"{where}: found values around {double.flat[0]:g} that float32 cannot tell apart; expected a smaller "
            "offset: subtract it"
        )
    return single
