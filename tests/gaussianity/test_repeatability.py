"""Which coordinates pass in every repeat."""

import numpy as np
import pytest

from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.repeatability import dtype, passing_variance, repeatability

LIVE, DIRAC, SPARSE = int(Coordinate.LIVE), int(Coordinate.DIRAC), int(Coordinate.SPARSE)


def test_the_variance_of_passing_is_without_bias():
    random = np.random.default_rng(0)
    chances = random.uniform(0, 1, 400)
    found = [passing_variance(random.uniform(size=(3, 400)) < chances) for _ in range(800)]
    assert np.mean(found) == pytest.approx(np.mean(chances * (1 - chances)), rel=0.01)


def test_by_hand():
    passes = np.array([[1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 0, 0]], bool)
    # Shares 1, 2/3, 0, 1/3: 0, 2/9, 0, 2/9; times 3/2.
    assert passing_variance(passes) == pytest.approx((4 / 9) / 4 * 3 / 2)
    assert np.isnan(passing_variance(passes[:1]))
    assert np.isnan(passing_variance(passes[:, :0]))


def cells(pvalues: np.ndarray, classes: np.ndarray) -> dict[str, np.ndarray]:
    return {"pvalue": pvalues, "anderson_darling_pvalue": 1 - pvalues, "class": classes}


def test_each_percentage_is_over_the_coordinates_that_it_counts_in_every_repeat():
    # One batch size, two numbers of batches, two repeats, three coordinates.
    pvalues = np.array([[[[0.5, 0.3, 1.0], [0.01, 0.6, 1.0]], [[0.5, 0.5, 1.0], [0.5, 0.01, 1.0]]]])
    classes = np.full(pvalues.shape, LIVE)
    classes[..., 2] = DIRAC
    classes[0, 0, 1, 1] = SPARSE
    directions = cells(pvalues[..., :1], classes[..., :1])
    rows = repeatability(cells(pvalues, classes), directions, [16], [20, 30], 0.05)
    assert rows.dtype == dtype()
    assert rows[["batch_size", "batches"]].tolist() == [(16, 20), (16, 30)]
    # A coordinate that passes in one of two repeats has variance 1/2, the constant one passes always. The one that is
    # sparse in one repeat passes in both: it is not counted among the live, and would halve their variance.
    assert rows["within_percentage_gaussian"].tolist() == pytest.approx([1 / 6, 1 / 6])
    assert rows["within_percentage_testable"].tolist() == pytest.approx([1 / 4, 1 / 4])
    assert rows["within_percentage_live"].tolist() == pytest.approx([1 / 2, 1 / 4])
    assert rows["within_percentage_directions"].tolist() == pytest.approx([1 / 2, 0])


def test_a_test_that_was_not_made_tells_nothing():
    pvalues = np.array([[[[0.5, np.nan], [0.4, np.nan]]]])
    found = cells(pvalues, np.full(pvalues.shape, LIVE))
    rows = repeatability(found, found, [16], [20], 0.05)
    assert np.isnan(rows["within_percentage_gaussian"]).all()
