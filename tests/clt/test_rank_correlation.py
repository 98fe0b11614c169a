"""Spearman's correlation against SciPy."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gradnoise.clt.rank_correlation import joint_permutation, ranks, spearman

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


def exact(x: list[float], y: list[float], alternative: str) -> float:
    found = stats.permutation_test(
        (x,),
        lambda each: stats.spearmanr(each, y).statistic,
        permutation_type="pairings",
        n_resamples=np.inf,
        alternative=alternative,
    )
    return float(found.pvalue)


def test_permutations_of_few_observations_are_all_counted() -> None:
    assert joint_permutation([([1, 2, 3, 4, 5], [5, 4, 3, 2, 1])]) == (-1, 1 / 120, 1)
    x, y = [1.0, 4.0, 2.0, 7.0, 3.0, 6.0], [2.0, 3.0, 1.0, 6.0, 6.0, 4.0]
    found = joint_permutation([(x, y)])
    assert found.correlation == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found.below == pytest.approx(exact(x, y, "less"))
    assert found.above == pytest.approx(exact(x, y, "greater"))


def test_groups_are_permuted_each_by_itself() -> None:
    groups = [([1, 2, 3, 4], [4, 1, 3, 2]), ([3, 1, 2], [1, 2, 3]), ([1, 2, 3], [2, 2, 5])]
    found = joint_permutation(groups)
    correlations = [stats.spearmanr(*pair).statistic for pair in groups]
    assert found.correlation == pytest.approx(np.mean(correlations))
    every = [
        np.mean([stats.spearmanr(x, y).statistic for (x, _), y in zip(groups, orders, strict=True)])
        for orders in product(*(permutations(y) for _, y in groups))
    ]
    assert found.below == pytest.approx(np.mean(np.array(every) <= found.correlation + 1e-9))
    assert found.above == pytest.approx(np.mean(np.array(every) >= found.correlation - 1e-9))


def test_many_orders_are_drawn_at_random() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=60)
    y = 0.3 * x + random.normal(size=60)
    found = joint_permutation([(x, y)])
    expected = stats.spearmanr(x, y, alternative="greater").pvalue
    assert found.above == pytest.approx(expected, abs=0.005)
    assert found == joint_permutation([(x, y)])
    assert joint_permutation([(x, x)]).above == 1 / 100_001  # never zero


def test_a_group_whose_values_are_equal_has_no_order() -> None:
    found = joint_permutation([([1, 2, 3, 4], [7, 7, 7, 7]), ([1, 2, 3, 4], [1, 2, 3, 4])])
    assert found.correlation == pytest.approx(0.5)
    assert found.above == pytest.approx(1 / 24)
