import math

import numpy as np
import pytest

from example_stable import CELLS, check_error, check_samples_of_scipy, check_scale, series
from gradnoise.tails.stable.index import tail_index

ERRORS = dict(zip(CELLS, (0.20, 0.25, 0.23, 0.23, 0.17, 0.17, 0.157), strict=True))


@pytest.mark.parametrize(("alpha", "n"), ERRORS)
def test_error(alpha: float, n: int) -> None:
    check_error("mohammadi", alpha, n, ERRORS[alpha, n])


def test_scale() -> None:
    check_scale("mohammadi")
    check_samples_of_scipy("mohammadi")


def test_block_estimator_is_its_formula() -> None:
    for n, length in ((395, 10), (615, 20)):
        values = series(1.3, (n,))
        kept = values[: n // length * length]
        blocks = kept.reshape(-1, length).sum(axis=1)
        inverse = (np.log(abs(blocks)).mean() - np.log(abs(kept)).mean()) / math.log(length)
        found = tail_index(values, method="mohammadi")
        assert found.alpha == pytest.approx(min(1 / inverse, 2), rel=1e-12)


def test_block_estimator_leaves_silent_batches_out() -> None:
    values = series(1.5, (600,))
    expected = tail_index(values, method="mohammadi")
    for silence in (0.0, -0.125):
        with_silence = np.insert(values, np.arange(0, 600, 10), silence)
        assert tail_index(with_silence, method="mohammadi") == expected
    # One value of a lattice is no silence, though it fills more than 5 %.
    lattice = np.round(series(2.0, (600,)) * 2) + 0.5
    assert tail_index(lattice, method="mohammadi").alpha != tail_index(
        lattice[lattice != 0.5], method="mohammadi"
    ).alpha  # fmt: skip


def test_what_is_left_beside_one_frequent_value_counts() -> None:
    values = series(2.0, (200,))
    values[40:] = 0.25
    expected = tail_index(series(2.0, (200,))[:40], method="mohammadi")
    assert tail_index(values, method="mohammadi") == expected


@pytest.mark.parametrize(("copies", "silent"), [(9, False), (10, True)])
def test_silence_fills_a_twentieth_of_the_series(copies: int, silent: bool) -> None:
    """Of 200 values, at places spread over the series."""
    values = series(1.6, (200,))
    values[np.arange(copies) * 20 + 3] = -0.125
    kept = values[values != -0.125] if silent else values
    blocks = kept[: kept.size // 10 * 10].reshape(-1, 10)
    inverse = (np.log(abs(blocks.sum(axis=1))).mean() - np.log(abs(blocks)).mean()) / math.log(10)
    found = tail_index(values, method="mohammadi")
    assert found.alpha == pytest.approx(min(1 / inverse, 2), rel=1e-12)


def test_single_exact_zeros_are_left_out() -> None:
    values = series(1.5, (300,))
    with_zeros = np.insert(values, [17, 240], 0.0)
    found = tail_index(with_zeros, method="mohammadi")
    assert found.converged
    assert found == tail_index(values, method="mohammadi")


@pytest.mark.parametrize(("count", "length"), [(399, 10), (400, 20), (401, 20)])
def test_blocks_are_of_twenty_from_four_hundred_values_on(count: int, length: int) -> None:
    values = series(1.4, (count,))
    blocks = values[: count // length * length].reshape(-1, length)
    logs = np.log(abs(blocks)).mean()
    inverse = (np.log(abs(blocks.sum(axis=1))).mean() - logs) / math.log(length)
    found = tail_index(values, method="mohammadi")
    assert found.alpha == pytest.approx(1 / inverse, rel=1e-12)
    # E ln |X| = ln s + Euler's constant (1 / alpha - 1).
    assert found.scale == pytest.approx(math.exp(logs - 0.5772156649 * (inverse - 1)), rel=1e-9)
