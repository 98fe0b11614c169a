"""Numbers of Wu et al. (arXiv:2109.09833) that its text gives, to be drawn beside ours where the network fits."""

from typing import NamedTuple

import pandas as pd


class Published(NamedTuple):
    """A percentage of Gaussian coordinates, constant ones counted as Gaussian.

    Attributes:
        network: name of the model, on all of CIFAR-10.
        layer: that it is about, "" for every layer.
        batch_size: of the mini-batches; 0 for the smallest.
        batches: number of them, 0 where the text does not say.
        percentage: Gaussian coordinates.
        label: for the key.
    """

    network: str
    layer: str
    batch_size: int
    batches: int
    percentage: float
    label: str


NUMBERS = (
    Published("alexnet", "conv1", 128, 200, 94.12, "published: conv1, B = 128, n = 200: 94.12 %"),
    Published("resnet56", "", 0, 0, 85.0, "published: above 85 % at the smallest batch size"),
)

# What the text says of its histograms of third moments; a standardised third absolute moment is at least 1.
THIRD_MOMENTS = {"resnet56": (0.01, 0.02), "alexnet": (0.2, 0.2)}


def number(network: str, rows: pd.DataFrame) -> Published | None:
    """The number that there is for a network, where the rows have its layer and batch size.

    Args:
        network: name of the model.
        rows: aggregated rows of one number of batches (or several).
    """
    for one in NUMBERS:
        fits = (
            not one.layer
            or (
                (rows["layer"] == one.layer)
                & (rows["batch_size"] == one.batch_size)
                & (rows["batches"] == one.batches)
            ).any()
        )
        if one.network == network and fits:
            return one
    return None
