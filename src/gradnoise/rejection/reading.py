"""What figures read of the rejection stage's file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise.store import results
from gradnoise.tails.results import Example

STAGE = "rejection"


class RejectedHistograms(NamedTuple):
    """Rejected series by tail index: counts (S, R, bins) between edges, and (bins,) of rejected Gaussian series."""

    batch_sizes: NDArray[np.int64]
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    null: NDArray[np.int64]


class Histograms(NamedTuple):
    """Coordinates by tail index: counts (S, R, bins) between edges, and (bins,) of Gaussian series."""

    batch_sizes: NDArray[np.int64]
    edges: NDArray[np.float64]
    live: NDArray[np.int64]
    rejected: NDArray[np.int64]
    null: NDArray[np.int64]
    null_rejected: NDArray[np.int64]


Kind = TypeVar("Kind", Histograms, RejectedHistograms)


def read_parameters(path: Path) -> list[str]:
    """Names of the layers' parameters, in the network's order.

    Raises:
        InputError: for a missing or damaged file.
    """
    with results.opened(path, STAGE) as file:
        return [str(name) for name in json.loads(file.attrs["parameters"])]


@contextmanager
def _layer(path: Path, parameter: str) -> Iterator[h5py.Group]:
    """A layer's group; an InputError where it, or what is read of it, is not there."""
    with results.opened(path, STAGE) as file:
        yield file[parameter]


def read_histograms(path: Path, parameter: str, method: str) -> Histograms:
    """Histograms of a layer's indices by a method.

    Raises:
        InputError: for a missing or damaged file, or one without this layer or method.
    """
    return _counts(path, parameter, f"histograms/{method}", Histograms)


def read_rejected(path: Path, parameter: str, method: str) -> RejectedHistograms:
    """Histograms of the indices, by a method, of series that the test rejects.

    Raises:
        InputError: for a missing or damaged file, or one without this layer or method.
    """
    return _counts(path, parameter, f"rejected_histograms/{method}", RejectedHistograms)


def _counts(path: Path, parameter: str, name: str, kind: type[Kind]) -> Kind:
    with _layer(path, parameter) as group:
        found = group[name]
        counts = {field: found[field][...] for field in kind._fields[1:]}
        return kind(group["batch_sizes"][...], **counts)


def read_examples(path: Path, parameter: str) -> list[Example]:
    """The series that are shown, with flat indices into the parameter; none for a layer without live coordinates.

    Raises:
        InputError: for a missing or damaged file.
    """
    with _layer(path, parameter) as group:
        if "examples" not in group:
            return []
        names = ["coordinate" if name == "position" else name for name in Example._fields]
        rows = zip(*(group["examples"][name][...] for name in names), strict=True)
        return [
            Example(role.decode(), int(size), int(at), float(alpha), float(scale), float(p), noise)
            for role, size, at, alpha, scale, p, noise in rows
        ]


def read_top_samples(path: Path, parameter: str) -> NDArray[np.int64]:
    """Indices of the samples of largest weight; none where per-sample gradients are not stored.

    Raises:
        InputError: for a missing or damaged file.
    """
    with _layer(path, parameter) as group:
        top: NDArray[np.int64] = group["top"][...]
        return top
