"""The user's own arrays, in an .npz or HDF5 file."""

import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gradnoise.data.entry import Description
from gradnoise.data.inputs import Asked, Kind, input_shape
from gradnoise.data.samples import Samples, Source, Task
from gradnoise.data.settings import Settings
from gradnoise.data.sources.hdf5 import hdf5_arrays
from gradnoise.data.splits import select
from gradnoise.errors import InputError

HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf")


LAYOUT = "inputs, targets and optionally test_inputs, test_targets, classes"


KNOWN = frozenset(("inputs", "targets", "test_inputs", "test_targets", "classes"))


# NumPy reads headers as Python: errors of syntax and of tokens are damage, too.
DAMAGE = (
    *(OSError, EOFError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error),
    *(SyntaxError, tokenize.TokenError),
)


@dataclass(frozen=True)
class ArrayFile:
    """An open .npz or HDF5 file: named arrays, read only when asked for.

    Attributes:
        path: the file.
        names: the arrays it holds, under the flat names of `LAYOUT`.
        header: name -> shape and dtype, without reading the array.
        read: name -> array.
        classes: names of the classes; empty where the file does not give them.
    """

    path: Path
    names: frozenset[str]
    header: Callable[[str], tuple[tuple[int, ...], np.dtype]]
    read: Callable[[str], NDArray]
    classes: tuple[str, ...]

    def splits(self) -> list[tuple[str, str]]:
        """Names of inputs and targets of the training and, where there is one, of the test split.

        Raises:
            InputError: where one of a pair is missing.
        """
        found = [("inputs", "targets")]
        if self.names & {"test_inputs", "test_targets"}:
            found.append(("test_inputs", "test_targets"))
        for name in (name for pair in found for name in pair):
            if name not in self.names:
                raise InputError(
                    f"{self.path}: found {', '.join(sorted(self.names)) or 'nothing'}, no {name}; "
                    f"expected {LAYOUT} (in HDF5 also as groups train and test of inputs, targets)"
                )
        return found


@dataclass(frozen=True)
class ArraySet:
    """A file of arrays as a data set."""

    title: str = "arrays"

    def describe(self, settings: Settings) -> Description:
        """The stage's own checks and splits, with the labels and without the inputs."""
        with open_arrays(settings.place) as file:
            found = [_input_shape(file, inputs, settings.inputs) for inputs, _ in file.splits()]
            shapes, kinds = zip(*found, strict=True)
            if len(set(shapes)) > 1:
                raise InputError(
                    f"{file.path}: found test inputs of shape {shapes[1]}; expected {shapes[0]}, like the "
                    "training inputs"
                )
            splits = [_without_inputs(file, pair, settings.task) for pair in file.splits()]
            source = _source(file, splits, settings.task)
        source = select(source, settings.test_fraction, settings.subset, settings.seed)
        chosen = source.train.targets
        if settings.task == "regression":
            return Description(shapes[0], chosen.shape[1], len(chosen), kinds[0] == "tokens")
        count, positions = len(source.classes), chosen.shape[1:]
        return Description(shapes[0], count, len(chosen), kinds[0] == "tokens", positions)

    def input_files(self, settings: Settings) -> list[Path]:
        """The file."""
        return [settings.place]

    def read(self, settings: Settings) -> Source:
        """As `read_arrays`."""
        return read_arrays(settings.place, settings.task, settings.inputs)


def read_arrays(path: Path, task: Task, inputs: Asked = "auto") -> Source:
    """Read the user's arrays.

    An .npz file holds `inputs`, `targets` and optionally `test_inputs`, `test_targets`, `classes` (names);
    an HDF5 file the same, or groups `train` and `test` of `inputs` and `targets`, and the class names as
    data set or root attribute `classes`. uint8 inputs of shape (N, height, width), (N, channels, height, width) or
    (N, height, width, channels) are images, other integers tokens, unless `inputs` says something else.

    Raises:
        InputError: file missing, damaged, of another kind, without the arrays or without some of their values, names of
            classes that are no row of different names, or other images than 8-bit ones with channels last.
    """
    with open_arrays(path) as file:
        splits = [Samples(file.read(x), file.read(y)) for x, y in file.splits()]
        return _source(file, splits, task, inputs)


def _source(file: ArrayFile, splits: list[Samples], task: Task, inputs: Asked = "auto") -> Source:
    test = splits[1] if len(splits) == 2 else None
    return Source(str(file.path), splits[0], test, task, file.classes, inputs=inputs)


def _input_shape(file: ArrayFile, name: str, asked: Asked) -> tuple[tuple[int, ...], Kind]:
    """Shape of one input and what it is, from the header."""
    return input_shape(f"{file.path}, {name}", *file.header(name), asked)


def _without_inputs(file: ArrayFile, names: tuple[str, str], task: Task) -> Samples:
    """A split with one zero in place of every input; of regression targets the shape is enough, too."""
    inputs, targets = names
    count = file.header(inputs)[0][0]
    known = (
        file.read(targets)
        if task == "classification"
        else np.zeros(file.header(targets)[0], np.float32)
    )
    return Samples(np.zeros((count, 1), np.float32), known)


@contextmanager
def open_arrays(path: Path) -> Iterator[ArrayFile]:
    """Open the user's arrays without reading them.

    Raises:
        InputError: as `read_arrays`; errors of reading inside the block are reported so, too.
    """
    if not path.is_file():
        raise InputError(f"{path}: found no such file; expected .npz or HDF5 with {LAYOUT}")
    suffix = path.suffix.lower()
    if suffix not in (".npz", *HDF5_SUFFIXES):
        raise InputError(
            f"{path}: found suffix {suffix!r}; expected .npz or {', '.join(HDF5_SUFFIXES)}"
        )
    try:
        with (_open_npz if suffix == ".npz" else _open_hdf5)(path) as file:
            yield file
    except InputError:
        raise
    except DAMAGE as error:
        kind = "a whole .npz archive" if suffix == ".npz" else "a whole HDF5 file"
        raise InputError(f"{path}: expected {kind}, found it damaged: {error}") from error


@contextmanager
def _open_npz(path: Path) -> Iterator[ArrayFile]:
    with zipfile.ZipFile(path) as archive, np.load(path, allow_pickle=False) as arrays:

        def header(name: str) -> tuple[tuple[int, ...], np.dtype]:
            with archive.open(f"{name}.npy") as member:
                version = np.lib.format.read_magic(member)
                if version == (1, 0):
                    shape, _, dtype = np.lib.format.read_array_header_1_0(member)
                else:
                    shape, _, dtype = np.lib.format.read_array_header_2_0(member)
                held = archive.getinfo(member.name).file_size - member.tell()
            if not dtype.hasobject and math.prod(shape) * dtype.itemsize != held:
                raise InputError(
                    f"{path}: expected a whole .npz archive, found {name} of shape {shape} and type {dtype} in {held} bytes"
                )
            return shape, dtype

        names = frozenset(arrays.files)
        for name in sorted(names & KNOWN):
            if header(name)[1].hasobject:
                raise InputError(
                    f"{path}: found {name} to be an array of Python objects; expected numbers (names of classes: "
                    "text), all of one shape: save np.stack(values), sequences padded to one length, or np.array(classes, str)"
                )
        classes = class_names(path, arrays["classes"]) if "classes" in names else ()
        yield ArrayFile(path, names, header, arrays.__getitem__, classes)


@contextmanager
def _open_hdf5(path: Path) -> Iterator[ArrayFile]:
    import h5py

    with h5py.File(path, "r") as file:
        flat = hdf5_arrays(path, file)
        named = [np.atleast_1d(file.attrs["classes"])] if "classes" in file.attrs else []
        if "classes" in flat:
            named.append(flat["classes"][()])
        classes = [class_names(path, values) for values in named]
        if len(set(classes)) > 1:
            raise InputError(
                f"{path}: found other classes in the attribute than in the data set; expected one of the two"
            )
        yield ArrayFile(
            path,
            frozenset(flat),
            lambda name: (flat[name].shape, flat[name].dtype),
            lambda name: np.asarray(flat[name][()]),
            classes[0] if classes else (),
        )


def class_names(path: Path, values: NDArray) -> tuple[str, ...]:
    """Names of the classes, which files hold as text, bytes or whole numbers, in a row or column.

    Raises:
        InputError: for names of another kind or shape, or one that stands twice.
    """
    texts = [
        name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
        for name in values.ravel().tolist()
    ]
    if values.ndim == 0 or max(values.shape) != values.size or values.dtype.kind not in "USOiuf":
        raise InputError(
            f"{path}: found classes of shape {values.shape} and type {values.dtype}; expected a row of names"
        )
    twice = sorted({name for name in texts if texts.count(name) > 1})
    if twice:
        raise InputError(f"{path}: found the class {twice[0]!r} twice; expected names that differ")
    return tuple(texts)
