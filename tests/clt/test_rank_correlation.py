"""Spearman's correlation against SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gradnoise.clt.rank_correlation import permutation_pvalue, ranks, spearman

series = st.lists(st.integers(-3, 3), min_size=4, max_size=30)


@given(series)
@settings(max_examples=60, deadline=None)
def test_ranks_agree_with_scipy_whatever_the_ties(values) -> None:
    np.testing.assert_array_equal(ranks(values), stats.rankdata(values))


def test_rank_correlations_agree_with_scipy() -> None:
    random = np.random.default_rng(4)
    x, y = random.integers(0, 6, (2, 40))
    z = x + random.normal(size=40)
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)
    both = np.corrcoef([stats.rankdata(v) for v in (x, y, z)])
    partial = (both[0, 1] - both[0, 2] * both[1, 2]) / np.sqrt(
        (1 - both[0, 2] ** 2) * (1 - both[1, 2] ** 2)
    )
    assert spearman(x, y, [z]) == pytest.approx(partial)


def test_what_says_nothing_has_no_correlation() -> None:
    assert np.isnan(spearman([1, 1, 1, 1], [1, 2, 3, 4]))
    assert np.isnan(spearman([1, 2, 3, 4, 5], [1, 2, 3, 5, 4], [[1, 2, 3, 4, 5]]))
    assert np.isnan(spearman([1, 2], [1, 2]))


def test_permutations_of_few_observations_are_all_counted() -> None:
    assert permutation_pvalue([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]) == pytest.approx(2 / 120)
    x, y = [1.0, 4.0, 2.0, 7.0, 3.0, 6.0], [2.0, 3.0, 1.0, 6.0, 6.0, 4.0]
    exact = stats.permutation_test(
        (x,),
        lambda each: stats.spearmanr(each, y).statistic,
        permutation_type="pairings",
        n_resamples=np.inf,
    )
    assert permutation_pvalue(x, y) == pytest.approx(exact.pvalue)


def test_many_observations_are_permuted_at_random() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=60)
    y = 0.3 * x + random.normal(size=60)
    assert permutation_pvalue(x, y) == pytest.approx(stats.spearmanr(x, y).pvalue, abs=0.01)
    assert permutation_pvalue(x, y) == permutation_pvalue(x, y)
    assert permutation_pvalue(x, x) == 1 / 20_001  # never zero
