"""Which data sets there are, what is known of each before it is read, and how it is read."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradnoise.data import splits
from gradnoise.data.entry import Description, Entry
from gradnoise.data.samples import Source
from gradnoise.data.settings import Settings, complete
from gradnoise.data.sources.arrays import ArraySet
from gradnoise.data.sources.fashion_mnist_subset import Subset
from gradnoise.data.sources.image_folders import ImageFolder
from gradnoise.data.sources.members import walk
from gradnoise.data.sources.public_sets import PUBLIC_SETS
from gradnoise.data.sources.synthetic import Regression
from gradnoise.errors import InputError

DATA_SETS: dict[str, Entry] = {
    "fashion_mnist_subset": Subset(),
    **PUBLIC_SETS,
    "image_folder": ImageFolder(),
    "arrays": ArraySet(),
    "linear_regression": Regression("synthetic linear regression", "regression"),
    "logistic_regression": Regression("synthetic logistic regression", "classification"),
}
NAMES = tuple(DATA_SETS)
Given = Settings | Mapping[str, Any]  # whole, or some keys in a notebook


def describe(settings: Given) -> Description | None:
    """Describe a data set from headers and labels alone; None for image folders and tars.

    Raises:
        InputError: for settings that do not suit the data set, or a file whose headers or labels do not fit.
    """
    settings = complete(settings)
    data_set = DATA_SETS[settings.dataset]
    data_set.input_files(
        settings
    )  # a path that is needed and missing is named here, before any job
    return data_set.describe(settings)


def input_files(settings: Given) -> list[Path]:
    """Files and folders of the user that the data stage reads; for a folder compare its `listing`.

    Raises:
        InputError: where the data set needs a path and none is given.
    """
    settings = complete(settings)
    return DATA_SETS[settings.dataset].input_files(settings)


def listing(folder: Path) -> str:
    """SHA-256 of the names, sizes and modification times of all files of a folder, at any depth and through
    links; hidden ones do not count.

    Raises:
        InputError: where there is no such folder, or a link in it leads nowhere.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: found no such folder; expected one")
    lines = []
    for entry in walk(folder):
        if entry.is_file():
            status = entry.stat()
            name = os.path.relpath(entry.path, folder)
            lines.append(f"{name!r} {status.st_size} {status.st_mtime_ns}\n")
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def contents(settings: Given) -> dict[str, list[str]]:
    """SHA-256 of all that the user's files and folders hold, by their paths; none of what is no file, which `read` refuses.

    Raises:
        InputError: where the data set needs a path and none is given, or a link in a folder leads nowhere.
    """
    return {str(path): [*_contents(path)] for path in input_files(settings)}


def _contents(path: Path) -> Iterator[str]:
    inside = sorted(entry.path for entry in walk(path)) if path.is_dir() else [path]
    for each in map(Path, inside):
        if each.is_file():
            with each.open("rb") as file:
                yield f"{os.path.relpath(each, path)} {hashlib.file_digest(file, 'sha256').hexdigest()}"


def read(settings: Given) -> Source:
    """Read, check, split and subset a data set.

    Raises:
        InputError: names the file, what was found and what was expected.
    """
    settings = complete(settings)
    found = DATA_SETS[settings.dataset].read(settings)
    found = replace(found, normalise=found.normalise and settings.standardise)
    return splits.select(found, settings.test_fraction, settings.subset, settings.seed)
