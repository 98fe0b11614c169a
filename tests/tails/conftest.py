"""A layer that several modules of tails are tested on."""

import numpy as np
import pytest

from example_tails import BATCHES, REPEATS, SIZES, TailAnalysis, analyse_tails, layer
from gradnoise.gaussianity.normality import describe


@pytest.fixture(scope="session")
def noise() -> list[np.ndarray]:
    return [layer(repeat) for repeat in REPEATS]


@pytest.fixture(scope="session")
def tested(noise: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    described = [describe(each[:, :BATCHES], axis=1) for each in noise]
    return (
        np.stack([each["class"] for each in described], axis=1),
        np.stack([each["pvalue"] for each in described], axis=1),
    )


@pytest.fixture(scope="session")
def analysis(noise: list[np.ndarray], tested: tuple[np.ndarray, np.ndarray]) -> TailAnalysis:
    methods = ("ecf", "mcculloch", "mohammadi")
    return analyse_tails(noise, SIZES, BATCHES, REPEATS, *tested, methods, null_series=2000)
