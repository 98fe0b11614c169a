"""Coordinates are classed by what the means of their values look like."""

import numpy as np
import pytest

from gradnoise.clt.value_classes import FEW, Values, classify_values, frequencies


def test_values_are_classed_by_what_their_means_look_like() -> None:
    random = np.random.default_rng(0)
    columns = np.zeros((1000, 4), np.float32)
    columns[:, 0] = random.standard_normal(1000)
    columns[:, 1] = random.integers(0, 2, 1000)
    columns[:20, 2] = random.standard_normal(20)
    found = frequencies(columns)
    np.testing.assert_array_equal(found.distinct[[0, 1, 3]], [1000, 2, 1])
    assert found.largest_share[2] == pytest.approx(0.98)
    expected = [Values.CONTINUOUS, Values.LATTICE, Values.SPARSE, Values.DEAD]
    np.testing.assert_array_equal(classify_values(found, 16), expected)
    assert classify_values(found, 1000)[2] == Values.CONTINUOUS


def test_few_distinct_values_are_a_lattice_and_one_more_is_not() -> None:
    columns = np.column_stack([np.arange(1000) % FEW, np.arange(1000) % (FEW + 1)]).astype("f4")
    found = frequencies(columns)
    np.testing.assert_array_equal(found.distinct, [FEW, FEW + 1])
    assert list(classify_values(found, 64)) == [Values.LATTICE, Values.CONTINUOUS]


def test_counts_agree_with_numpy() -> None:
    columns = np.random.default_rng(1).integers(-3, 9, (500, 300)).astype(np.float64)
    found = frequencies(columns)
    for column, distinct, share in zip(columns.T, *found, strict=True):
        values, counts = np.unique(column, return_counts=True)
        assert (distinct, share) == (values.size, counts.max() / 500)
