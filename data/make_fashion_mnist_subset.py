"""Make `fashion-mnist-subset.h5` from the original files of Fashion-MNIST.

Debian's package `dataset-fashion-mnist` installs them in /usr/share/datasets/fashion-mnist:

    apt-get install dataset-fashion-mnist
    python data/make_fashion_mnist_subset.py /usr/share/datasets/fashion-mnist data/fashion-mnist-subset.h5
"""

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np

from gradnoise.data import dataset, samples, splits
from gradnoise.errors import InputError
from gradnoise.store.whole import atomic

SEED = 0
TRAIN_SAMPLES, TEST_SAMPLES = 10_000, 2_000
ORIGINALS = {  # SHA-256 of the files once decompressed (Debian compresses them anew)
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
NAME = "Fashion-MNIST (Zalando Research, MIT licence), balanced subset of 10,000 and 2,000 images"


def read(folder: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """One of the original files as uint8; the header is 4 bytes and 4 bytes for each axis."""
    data = gzip.decompress((folder / name).read_bytes())
    found = hashlib.sha256(data).hexdigest()
    if found != ORIGINALS[name]:
        raise InputError(f"{folder / name}: found SHA-256 {found}; expected {ORIGINALS[name]}")
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def balanced(folder: Path, split: str, count: int, size: int) -> samples.Samples:
    """A seeded subset of one split, the same number of images of every class."""
    images = read(folder, f"{split}-images-idx3-ubyte.gz", (count, 28, 28))
    labels = read(folder, f"{split}-labels-idx1-ubyte.gz", (count,))
    whole = samples.Source(NAME, samples.Samples(images, labels), None, "classification", CLASSES)
    return splits.subset(samples.check(whole), size, SEED).train


def main() -> None:
    """Read, choose, write."""
    folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    train = balanced(folder, "train", 60_000, TRAIN_SAMPLES)
    test = balanced(folder, "t10k", 10_000, TEST_SAMPLES)
    source = samples.Source(NAME, train, test, "classification", CLASSES)
    with atomic(output) as temporary:
        checksum = dataset.write(temporary, source, "fashion_mnist_subset")
    print("SHA-256 of the file   ", hashlib.sha256(output.read_bytes()).hexdigest())
    print("SHA-256 of the samples", checksum)


if __name__ == "__main__":
    main()
