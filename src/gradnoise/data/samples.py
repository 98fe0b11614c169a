"""Raw samples and what must hold for them, whatever they were read from."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.inputs import Asked, finite, standardised
from gradnoise.errors import InputError

log = logging.getLogger(__name__)


Task = Literal["classification", "regression"]


PADDING = -100  # target of a position that is left out, as torch's losses have it (`ignore_index`)


VOCABULARY = 1_000_000  # classes of sequences, at most: what lies above is no class


@dataclass(frozen=True)
class Samples:
    """`inputs` of shape (N, ...) and `targets` of shape (N,), (N, positions) or (N, outputs)."""

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
        normalise: whether models see the inputs centred and scaled; tokens they see as they are.
        inputs: what integers are taken for, see `inputs.kind_of`.
    """

    name: str
    train: Samples
    test: Samples | None
    task: Task
    classes: tuple[str, ...] = ()
    parameters: NDArray[np.float64] | None = None
    normalise: bool = True
    inputs: Asked = "auto"


def check(source: Source) -> Source:
    """A source with standard shapes and dtypes: targets int64 (N,), int64 (N, positions) or float32 (N, outputs).

    Raises:
        InputError: names where, what was found and what was expected, for inputs and targets of different
            lengths, test samples unlike the training samples, labels that are no integers from 0 to
            classes - 1 (in sequences also `PADDING`, but not everywhere), a class without training sample (but for
            sequences), NaN or infinity, or a shape that does not fit.
    """
    train = _checked_split(source, source.train, "training")
    test = None if source.test is None else _checked_split(source, source.test, "test")
    if test is not None:
        if train.inputs.dtype.kind == test.inputs.dtype.kind == "f":
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
        if train.targets.ndim == 1:  # of a vocabulary not every word need occur
            _require_every_class(source.name, train.targets, classes)
        _require_two(source.name, classes)
    return replace(source, train=train, test=test, classes=classes)


def _counted(where: str, labels: NDArray[np.int64]) -> tuple[str, ...]:
    """Names of the classes 0 to the largest label; no more than samples, as every class has some.

    Of sequences every label within a vocabulary is taken, whether it occurs or not.
    """
    largest = int(labels.max())
    if labels.ndim == 2:
        if largest >= VOCABULARY:
            raise InputError(
                f"{where}: found label {largest} in a sequence; expected labels from 0 to classes - 1, of at most "
                f"{VOCABULARY:,} classes"
            )
        return tuple(map(str, range(max(0, largest) + 1)))
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


def _require_two(where: str, classes: Sequence[str]) -> None:
    if len(classes) < 2:
        raise InputError(f"{where}: found 1 class; expected at least 2")


def _checked_split(source: Source, samples: Samples, name: str) -> Samples:
    where = f"{source.name}, {name}"
    if np.ma.is_masked(samples.inputs) or np.ma.is_masked(samples.targets):
        raise InputError(f"{where}: found masked values; expected all of them: fill or drop them")
    # What models see centred is rounded after that.
    kind = np.float64 if source.normalise else np.float32
    inputs = standardised(f"{where} inputs", samples.inputs, kind, source.inputs)
    targets = samples.targets
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
    return Samples(inputs, finite(f"{where} targets", targets.reshape(len(targets), -1)))


def _labels(where: str, targets: NDArray) -> NDArray[np.int64]:
    if targets.ndim not in (1, 2) or targets.dtype.kind not in "iub" or 0 in targets.shape:
        raise InputError(
            f"{where}: found {targets.dtype} of shape {targets.shape}; expected integer class labels "
            "of shape (samples,), or of sequences (samples, positions)"
        )
    if targets.ndim == 2:
        _require_sequences(where, targets)
    if targets.size and int(targets.max()) > np.iinfo(np.int64).max:
        raise InputError(
            f"{where}: found label {targets.max()} at sample {targets.max(axis=-1, keepdims=True).argmax()}; "
            "expected classes"
        )
    return targets.astype(np.int64)


def _require_sequences(where: str, targets: NDArray) -> None:
    """Refuse the two other things that integers of shape (N, k) often are."""
    if targets.shape[1] == 1:
        raise InputError(
            f"{where}: found {targets.dtype} of shape {targets.shape}; expected integer class labels of shape "
            "(samples,): save targets[:, 0]"
        )
    if targets.min() == 0 and targets.max() == 1 and (targets.sum(axis=1) == 1).all():
        raise InputError(
            f"{where}: found one-hot rows of shape {targets.shape}; expected integer class labels of shape "
            "(samples,): save targets.argmax(1)"
        )


def _check_labels(where: str, name: str, targets: NDArray, classes: Sequence[str]) -> None:
    rows = targets.reshape(len(targets), -1)
    padding = (rows == PADDING) & (targets.ndim == 2)
    wrong = np.argwhere(((rows < 0) | (rows >= len(classes))) & ~padding)
    if wrong.size:
        sample, position = wrong[0]
        place = f"sample {sample}" + (f", position {position}" if targets.ndim == 2 else "")
        also = f", and {PADDING} for padding" if targets.ndim == 2 else ""
        raise InputError(
            f"{where}, {name} targets: found label {rows[sample, position]} at {place} "
            f"({len(wrong)} such); expected 0 to {len(classes) - 1}{also}"
        )
    empty = np.flatnonzero(padding.all(axis=1))
    if empty.size:
        raise InputError(
            f"{where}, {name} targets: found nothing but padding ({PADDING}) at sample {empty[0]} "
            f"({empty.size} such); expected a class at one position or more: drop such samples"
        )
