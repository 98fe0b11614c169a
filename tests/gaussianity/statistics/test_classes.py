"""Classes of values, by construction."""

import numpy as np
import pytest

from gradnoise.gaussianity.normality import describe
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.statistics.classes import STATISTIC, classify

LIVE, DIRAC, SPARSE, QUANTISED = Coordinate


def gaussian(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize(
    ("samples", "kind"),
    [
        (np.full(200, -1e-5), DIRAC),
        (np.append(np.full(199, 0.3), 1.0), SPARSE),
        (np.append(np.full(100, 0.3), gaussian(100)), SPARSE),
        (np.append(np.full(99, 0.3), gaussian(101)), LIVE),
        (np.append(np.full(101, 0.3), np.arange(100) // 50), SPARSE),
        # Of an odd number half is more than 100 of 201, be there a tie among the others or not.
        (np.append(np.full(100, 0.3), gaussian(101)), LIVE),
        (np.concatenate([np.full(100, 0.3), gaussian(100), gaussian(1)]), LIVE),
        (np.append(np.full(101, 0.3), gaussian(100)), SPARSE),
        (np.arange(200) % 49, QUANTISED),
        (np.arange(200) % 50, LIVE),
        (np.append(np.full(99, 7.5), np.arange(101) % 20), QUANTISED),
        (gaussian(200), LIVE),
        (np.append(np.zeros(100), -np.zeros(100)), DIRAC),
        ([1.0, 1.0, 2.0], SPARSE),
        ([1.0, 2.0, 3.0], LIVE),
    ],
)
def test_classes(samples: np.ndarray, kind: Coordinate) -> None:
    shuffled = np.random.default_rng(1).permutation(samples)
    assert Coordinate(int(classify(shuffled))) is kind
    assert Coordinate(int(classify(shuffled.astype(np.float32)))) is kind
    assert Coordinate(int(describe(shuffled)["class"])) is kind


def test_short_series_have_a_class_and_empty_ones_none() -> None:
    assert classify([[1.0], [2.0]]).tolist() == [DIRAC, DIRAC]
    with pytest.raises(ValueError, match="empty series"):
        classify(np.zeros((2, 0)))


def test_nan_counts_as_a_value_of_its_own() -> None:
    assert Coordinate(int(classify([np.nan] * 8))) is LIVE


def test_shares_of_a_layer_are_counted() -> None:
    classes = np.array([LIVE, LIVE, DIRAC, QUANTISED], np.uint8)
    found = {column.name: column.reduce(classes, 0.05) for column in STATISTIC.columns}
    assert found == {
        **{"share_live": 0.5, "share_dirac": 0.25, "share_sparse": 0.0, "share_quantised": 0.25},
        "coordinates": 4,
    }
