"""The public sets that torchvision knows: one entry each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradnoise.data.entry import Description, cut
from gradnoise.data.samples import Samples, Source
from gradnoise.data.settings import Settings
from gradnoise.errors import InputError

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class PublicSet:
    """A public data set, as readers and as torchvision call it.

    Attributes:
        title: for readers.
        loader: class in `torchvision.datasets`.
        files: what lies below torchvision's root folder where the set is there: files or folders.
        shape: of one input.
        classes: how many.
        train_samples, test_samples: as published.
        splits: arguments of the loader for the training and for the test samples.
        targets: the loader's attribute that holds the labels.
    """

    title: str
    loader: str
    files: tuple[str, ...]
    shape: tuple[int, int, int]
    classes: int
    train_samples: int
    test_samples: int
    splits: tuple[Arguments, Arguments] = ({"train": True}, {"train": False})
    targets: str = "targets"

    def describe(self, settings: Settings) -> Description:
        """Known as published."""
        whole = Description(self.shape, self.classes, self.train_samples)
        return cut(whole, settings, "classification")

    def input_files(self, settings: Settings) -> list[Path]:
        """Where the set lies; none where it may be downloaded: the stage itself makes its files then."""
        files = [settings.place / file for file in self.files]
        return [] if settings.download else files

    def read(self, settings: Settings) -> Source:
        """Read the set through torchvision, which checks its downloads by MD5.

        Raises:
            InputError: files missing, damaged, unreachable, or not the published number of samples.
        """
        root = settings.place
        absent = [path for path in self.input_files(settings) if not path.exists()]
        if absent:
            raise InputError(
                f"{absent[0]}: found no such file or folder; expected the files of {self.title}, or "
                "download: true"
            )
        train, classes = self._read_split(root, settings.download, 0, self.train_samples)
        test, _ = self._read_split(root, settings.download, 1, self.test_samples)
        source = f"torchvision.datasets.{self.loader} in {root}"
        return Source(source, train, test, "classification", classes)

    def _read_split(
        self, root: Path, download: bool, split: int, count: int
    ) -> tuple[Samples, tuple[str, ...]]:
        """Samples of one split, and the names of the classes."""
        from torchvision import datasets

        where = root / self.files[split % len(self.files)]
        try:
            found = getattr(datasets, self.loader)(root, **self.splits[split], download=download)
        # Damaged pickles and index files raise nearly anything.
        except Exception as error:
            raise InputError(
                f"{where}: expected the files of {self.title}, found: {error or type(error).__name__}"
            ) from error
        samples = Samples(
            np.asarray(found.data), np.asarray(getattr(found, self.targets), np.int64)
        )
        if len(samples.inputs) != count:
            raise InputError(
                f"{where}: found {len(samples.inputs)} {'test' if split else 'training'} samples; "
                f"expected {count}"
            )
        # Sets of digits have no names for their classes.
        classes = getattr(found, "classes", range(self.classes))
        return samples, tuple(map(str, classes))


GREY, COLOUR = (1, 28, 28), (3, 32, 32)

PUBLIC_SETS = {
    "fashion_mnist": PublicSet(
        "Fashion-MNIST", "FashionMNIST", ("FashionMNIST/raw",), GREY, 10, 60_000, 10_000
    ),
    "mnist": PublicSet("MNIST", "MNIST", ("MNIST/raw",), GREY, 10, 60_000, 10_000),
    "kmnist": PublicSet("Kuzushiji-MNIST", "KMNIST", ("KMNIST/raw",), GREY, 10, 60_000, 10_000),
    "cifar10": PublicSet(
        "CIFAR-10", "CIFAR10", ("cifar-10-batches-py",), COLOUR, 10, 50_000, 10_000
    ),
    "cifar100": PublicSet(
        "CIFAR-100", "CIFAR100", ("cifar-100-python",), COLOUR, 100, 50_000, 10_000
    ),
    "svhn": PublicSet(
        "Street View House Numbers",
        "SVHN",
        ("train_32x32.mat", "test_32x32.mat"),
        COLOUR,
        10,
        73_257,
        26_032,
        splits=({"split": "train"}, {"split": "test"}),
        targets="labels",
    ),
}
