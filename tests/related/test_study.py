import math

import numpy as np
import pytest

from gradnoise.related.study import Settings, agreement, measured


def test_a_row_of_repeats_has_their_mean_and_its_standard_error() -> None:
    row = measured("x", [1.0, 2.0, 6.0], predicted=2.5, least=0.5, most=7.0)
    assert row.measured == 3.0
    assert row.error == pytest.approx(math.sqrt(7.0 / 3))  # variance (4 + 1 + 9) / 2
    assert row[3:] == (2, 2.5, 0.5, 7.0)


def test_a_single_number_has_no_error() -> None:
    row = measured("x", 4.0)
    assert (row.measured, row.error, row.degrees) == (4.0, 0.0, math.inf)
    assert math.isnan(row.predicted)
    assert (row.least, row.most) == (-math.inf, math.inf)


def test_agreement_is_a_ratio_within_the_margin() -> None:
    row = agreement("variance", [3.0, 5.0], 2.0, margin=0.2)
    assert (row.measured, row.error, row.predicted) == (2.0, 0.5, 1.0)
    assert (row.least, row.most) == (0.8, 1.2)


def test_random_streams_differ_by_study_and_purpose() -> None:
    settings = Settings(seed=3)
    draws = [settings.random(*key).random() for key in (("a", 1), ("a", 2), ("b", 1), ("a", "1"))]
    assert len(set(draws)) == 4
    assert settings.random("a", 1).random() == draws[0]
    assert Settings(seed=4).random("a", 1).random() != draws[0]


def test_lengths_scale_counts_down_to_the_least() -> None:
    assert Settings(0, length=0.25).scaled(10) == 2
    assert Settings(0, length=0.01).scaled(10, least=3) == 3
    assert np.isclose(Settings(0, length=2.5).scaled(10), 25)
