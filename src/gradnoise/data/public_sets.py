"""Reader of the public sets that torchvision knows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradnoise.data.samples import Samples, Source
from gradnoise.errors import InputError


@dataclass(frozen=True)
class PublicSet:
    """A public data set as torchvision calls it; `folder` holds `file` below the given path."""

    title: str
    shape: tuple[int, int, int]
    classes: int
    train_samples: int
    test_samples: int
    folder: str
    file: str


PUBLIC_SETS = {
    "fashion_mnist": PublicSet(
        "FashionMNIST",
        (1, 28, 28),
        10,
        60_000,
        10_000,
        "FashionMNIST/raw",
        "train-images-idx3-ubyte",
    ),
    "mnist": PublicSet(
        "MNIST", (1, 28, 28), 10, 60_000, 10_000, "MNIST/raw", "train-images-idx3-ubyte"
    ),
    "cifar10": PublicSet(
        "CIFAR10", (3, 32, 32), 10, 50_000, 10_000, "cifar-10-batches-py", "data_batch_1"
    ),
    "cifar100": PublicSet(
        "CIFAR100", (3, 32, 32), 100, 50_000, 10_000, "cifar-100-python", "train"
    ),
}


def read_public_set(name: str, path: Path, download: bool) -> Source:
    """Read one of `PUBLIC_SETS` through torchvision, which checks its downloads by MD5.

    Args:
        name: key of `PUBLIC_SETS`.
        path: torchvision's root folder.
        download: fetch the files into `path` where they are missing.

    Raises:
        InputError: files missing, damaged, unreachable, or not the published number of samples.
    """
    from torchvision import datasets

    expected = PUBLIC_SETS[name]
    where = path / expected.folder
    if not download and not where.is_dir():
        raise InputError(
            f"{where}: found no such folder; expected the files of {expected.title} ({expected.file}, "
            "...), or download: true"
        )
    splits = []
    for train, count in ((True, expected.train_samples), (False, expected.test_samples)):
        try:
            found = getattr(datasets, expected.title)(path, train=train, download=download)
        # Damaged pickles and index files raise nearly anything.
        except Exception as error:
            raise InputError(
                f"{where}: expected the files of {expected.title}, found: {error or type(error).__name__}"
            ) from error
        samples = Samples(np.asarray(found.data), np.asarray(found.targets, np.int64))
        if len(samples.inputs) != count:
            raise InputError(
                f"{where}: found {len(samples.inputs)} {'training' if train else 'test'} samples; "
                f"expected {count}"
            )
        splits.append(samples)
    source = f"torchvision.datasets.{expected.title} in {path}"
    return Source(source, splits[0], splits[1], "classification", tuple(found.classes))
