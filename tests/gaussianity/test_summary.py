"""The rows that stand for a layer."""

import numpy as np
import pytest

from example_noise import COUNT, analysis
from gradnoise.gaussianity.normality import columns
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.gaussianity.summary import dtype, roles


def test_percentages_of_a_row_follow_their_definitions() -> None:
    found = analysis()
    row = found.summary[5]
    assert row[["batch_size", "batches", "repeat"]].tolist() == (16, 60, 3)
    pvalues, classes = (found.coordinates[name][0, 1, 2] for name in ("pvalue", "class"))
    assert classes[:3].tolist() == [Coordinate.DIRAC, Coordinate.SPARSE, Coordinate.QUANTISED]
    live_passing = np.sum(pvalues[3:] >= 0.05)
    testable_passing = np.sum(pvalues[1:] >= 0.05)
    assert row["percentage_live"] == pytest.approx(100 * live_passing / 47)
    assert row["percentage_testable"] == pytest.approx(100 * testable_passing / 49)
    assert row["percentage_gaussian"] == pytest.approx(100 * (testable_passing + 1) / 50)
    along = found.directions["pvalue"][0, 1, 2, 1:]
    assert row["percentage_directions"] == pytest.approx(100 * np.mean(along >= 0.05))
    shares = [row[f"share_{name}"] for name in ("dirac", "sparse", "quantised", "live")]
    assert shares == pytest.approx([0.02, 0.02, 0.02, 0.94])
    assert row["pi0"] == pytest.approx(2 * np.mean(pvalues[1:] > 0.5))
    skewness = found.coordinates["skewness"][0, 1, 2, 3:].astype(float)
    assert row["skewness_mean"] == pytest.approx(skewness.mean())
    assert row["skewness_sd"] == pytest.approx(skewness.std(ddof=1))
    assert row["coordinates"] == COUNT


def test_dead_layer_without_directions() -> None:
    dead = [np.zeros((2, 60, 4), np.float32)]
    found = analysis(
        noise=dead, noise_along_directions=[np.zeros((2, 60, 0), np.float32)], repeats=[1]
    )
    assert np.all(found.summary["percentage_gaussian"] == 100)
    assert np.all(np.isnan(found.summary["percentage_testable"]))
    assert np.all(np.isnan(found.summary["percentage_directions"]))
    assert np.all(found.summary["rejections_bh"] == 0)


def test_rows_hold_the_key_and_every_column() -> None:
    assert analysis().summary.dtype == dtype()
    assert dtype().names == (
        *("batch_size", "batches", "repeat"),
        *(column.name for column in columns()),
    )
    counts = [name for name in dtype().names if dtype()[name] == np.int64]
    assert counts == ["batch_size", "batches", "repeat", "rejections_bh", "coordinates"]


def test_roles_that_nobody_plays_are_left_out() -> None:
    dead = np.full(3, Coordinate.DIRAC, np.uint8)
    assert roles({"class": dead, "pvalue": np.ones(3), "statistic": np.ones(3)}) == {"dead": 0}
    live = np.full(3, Coordinate.LIVE, np.uint8)
    pvalues, statistics = np.array([0.9, 0.1, 0.5]), np.array([0.99, 0.95, 0.97])
    assert roles({"class": live, "pvalue": pvalues, "statistic": statistics}) == {
        "typical": 2,
        "worst": 1,
    }
