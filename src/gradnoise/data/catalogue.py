"""Which data sets there are, what is known of each before it is read, and how it is read."""

import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradnoise.data import arrays, image_folders, samples, synthetic
from gradnoise.data.public_sets import PUBLIC_SETS, read_public_set
from gradnoise.data.samples import Samples, Source, Task
from gradnoise.errors import InputError

log = logging.getLogger(__name__)


SUBSET_FILE = Path("data/fashion-mnist-subset.h5")


SUBSET_SHA256 = "6e4abed0bb6402c595cfea615666bced453447f51d05783af7062bd812b850fa"


SYNTHETIC: dict[str, Task] = {
    "linear_regression": "regression",
    "logistic_regression": "classification",
}


NAMES = ("fashion_mnist_subset", *PUBLIC_SETS, "image_folder", "arrays", *SYNTHETIC)


DEFAULTS: dict[str, Any] = {
    "dataset": "fashion_mnist_subset",
    "path": None,
    "download": False,
    "image_size": None,
    "subset": None,
    "test_fraction": 0.2,
    "task": "classification",
    "seed": 0,
    "synthetic": {},
}


@dataclass(frozen=True)
class Description:
    """What is known of a data set before it is read: shape of one input, outputs, training samples."""

    input_shape: tuple[int, ...]
    outputs: int
    train_samples: int


def describe(settings: Mapping[str, Any]) -> Description | None:
    """Describe a data set from headers and labels alone; None for image folders and tars.

    Raises:
        InputError: for wrong settings, or a file whose headers or labels do not fit.
    """
    values = _validated(settings)
    name = values["dataset"]
    shape: tuple[int, ...]
    if name == "image_folder":
        return None
    if name == "arrays":
        return _describe_arrays(values)
    if name in SYNTHETIC:
        drawn = synthetic.validated(values["synthetic"], SYNTHETIC[name])
        shape, outputs, count = (drawn["features"],), drawn["outputs"], drawn["samples"]
    elif name == "fashion_mnist_subset":
        shape, outputs, count = (1, 28, 28), 10, 10_000
    else:
        public = PUBLIC_SETS[name]
        shape, outputs, count = public.shape, public.classes, public.train_samples
    wanted = values["subset"]
    least = 1 if SYNTHETIC.get(name) == "regression" else outputs
    if wanted is not None and not least <= wanted <= count:
        raise InputError(f"{name}: found subset {wanted}; expected {least} to {count} samples")
    return Description(shape, outputs, wanted or count)


def input_files(settings: Mapping[str, Any]) -> list[Path]:
    """Files and folders of the user that the data stage reads; for a folder compare its `listing`.

    A public set that may be downloaded depends on none: the stage itself makes its files.
    """
    values = _validated(settings)
    name = values["dataset"]
    if name in SYNTHETIC or (name in PUBLIC_SETS and values["download"]):
        return []
    path = _path(values)
    return [path / PUBLIC_SETS[name].folder] if name in PUBLIC_SETS else [path]


def listing(folder: Path) -> str:
    """SHA-256 of the names, sizes and modification times of all files of a folder, at any depth.

    Raises:
        InputError: where there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: found no such folder; expected one")
    lines = []
    for parent, _, files in os.walk(folder):
        for file in files:
            path = os.path.join(parent, file)
            status = os.stat(path)
            name = os.path.relpath(path, folder)
            lines.append(f"{name!r} {status.st_size} {status.st_mtime_ns}\n")
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def read(settings: Mapping[str, Any]) -> Source:
    """Read, check, split and subset a data set.

    Args:
        settings: keys of `DEFAULTS`, which stand in for those missing.

    Raises:
        InputError: names the file, what was found and what was expected.
    """
    values = _validated(settings)
    return _selected(_read(values), values)


def _validated(settings: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(settings) - set(DEFAULTS))
    if unknown:
        raise InputError(f"data: found {unknown[0]!r}; accepted: {', '.join(DEFAULTS)}")
    values = DEFAULTS | dict(settings)
    name = values["dataset"]
    if name not in NAMES:
        raise InputError(f"data.dataset: found {name!r}; accepted: {', '.join(NAMES)}")
    if values["task"] not in ("classification", "regression"):
        raise InputError(
            f"data.task: found {values['task']!r}; accepted: classification, regression"
        )
    if values["path"] is None and name not in ("fashion_mnist_subset", *SYNTHETIC):
        raise InputError(f"data.path: found none; expected the file or folder of {name}")
    return values


def _path(values: Mapping[str, Any]) -> Path:
    if values["path"] is not None:
        return Path(values["path"]).expanduser()
    if SUBSET_FILE.exists():
        return SUBSET_FILE
    return Path(__file__).resolve().parents[3] / SUBSET_FILE  # run from outside the checkout


def _read(values: Mapping[str, Any]) -> Source:
    name = values["dataset"]
    if name in SYNTHETIC:
        return synthetic.generate(values["synthetic"], SYNTHETIC[name], values["seed"])
    path = _path(values)
    if name == "fashion_mnist_subset":
        return _read_subset_file(path)
    if name == "image_folder":
        return image_folders.read_images(path, values["image_size"])
    if name == "arrays":
        return arrays.read_arrays(path, values["task"])
    return read_public_set(name, path, values["download"])


def _read_subset_file(path: Path) -> Source:
    """The file that comes with Gradnoise, held against the checksum known here."""
    if path.is_file():
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != SUBSET_SHA256:
            raise InputError(
                f"{path}: found SHA-256 {found}; expected {SUBSET_SHA256}, the file as published"
            )
    return arrays.read_arrays(path, "classification")


def _describe_arrays(values: Mapping[str, Any]) -> Description:
    """The stage's own checks and splits, with the labels and without the inputs."""
    with arrays.open_arrays(_path(values)) as file:
        shapes, splits = [], []
        for inputs, labels in file.splits():
            shape, dtype = file.header(inputs)
            if len(shape) < 2 or 0 in shape:
                raise InputError(
                    f"{file.path}: found {inputs} of shape {shape}; expected (samples, features, ...), "
                    "none of them 0"
                )
            shapes.append(samples.image_shape(shape, dtype) or tuple(shape[1:]))
            if values["task"] == "classification":
                targets = file.read(labels)
            else:
                targets = np.zeros(file.header(labels)[0], np.float32)
            splits.append(Samples(np.zeros((shape[0], 1), np.float32), targets))
        if len(set(shapes)) > 1:
            raise InputError(
                f"{file.path}: found test inputs of shape {shapes[1]}; expected {shapes[0]}, like the "
                "training inputs"
            )
        test = splits[1] if len(splits) == 2 else None
        source = Source(str(file.path), splits[0], test, values["task"], file.classes)
    source = _selected(source, values)
    chosen = source.train.targets
    return Description(shapes[0], len(source.classes) or chosen.shape[1], len(chosen))


def _selected(source: Source, values: Mapping[str, Any]) -> Source:
    """Checked, with a test split, and cut down to the subset."""
    source = samples.split(samples.check(source), values["test_fraction"], values["seed"])
    return samples.subset(source, values["subset"], values["seed"])
