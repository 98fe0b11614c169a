"""Errors from blocks: how steps are cut, and what covers."""

import math

import numpy as np
import pytest

from example_descents import heavy_ball
from gradnoise.langevin.estimation.blocks import (
    FEWEST,
    cut,
    error_of_mean,
    ratio_error,
    window_products,
)


def test_blocks_are_five_correlation_times_and_at_least_twenty() -> None:
    made = cut(1000, span=10.0, replicas=1)
    assert made.edges[:2] == [(0, 50), (50, 100)]
    assert (len(made.edges), made.reliable) == (20, True)
    assert not cut(999, span=10.0, replicas=1).reliable
    assert cut(500, span=10.0, replicas=2).reliable
    assert len(cut(10**6, span=1.0, replicas=8).edges) == 256 // 8


def test_replicas_shorter_than_a_block_are_never_enough() -> None:
    made = cut(40, span=10.0, replicas=100)
    assert made.edges == [(0, 40)]
    assert not made.reliable


def test_lengths_are_those_of_the_edges() -> None:
    made = cut(103, span=1.0, replicas=3)
    assert made.lengths.sum() == 3 * 103
    assert [last - first for first, last in made.edges] == list(made.lengths[: len(made.edges)])


def test_an_error_needs_enough_blocks() -> None:
    means = np.arange(float(FEWEST))[:, None]
    error = error_of_mean(means, cut(1000, 10.0, 1))
    assert error == pytest.approx(means.std(ddof=1) / math.sqrt(FEWEST))
    assert np.isnan(error_of_mean(means[:-1], cut(999, 10.0, 1))).all()


def test_window_products_are_those_of_windows() -> None:
    values = np.random.default_rng(0).standard_normal((2, 30, 3))
    made = cut(28, span=2.0, replicas=2)
    found = window_products(values, 3, made)
    windows = np.concatenate([values[:, k : 28 + k] for k in range(3)], axis=2)
    expected = [windows[r, a:b].T @ windows[r, a:b] for r in range(2) for a, b in made.edges]
    assert found == pytest.approx(np.array(expected))


def test_the_error_of_a_ratio_is_its_scatter() -> None:
    x = heavy_ball(4000, 200, 0.1).T
    y = x + 0.3 * heavy_ball(4000, 200, 0.3, seed=1).T
    ratios = (y**2).mean(1) / (x**2).mean(1)
    errors = [ratio_error(b[None] ** 2, a[None] ** 2, 20.0) for a, b in zip(x, y, strict=True)]
    assert np.mean(errors) == pytest.approx(ratios.std() / ratios.mean(), rel=0.15)
