"""Indices of the coordinates that the test rejects, beside those of rejected Gaussian series."""

import numpy as np
import pytest

from example_tails import BATCHES, REPEATS, SIZES, TailAnalysis, analyse_tails
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.noise import store as noise_store
from gradnoise.tails.null import gaussian_null
from gradnoise.tails.rejected import MOST, Collected, analyse_rejected, shares
from gradnoise.tails.stable.estimator import TailIndex
from gradnoise.tails.stable.index import tail_index

Tested = tuple[np.ndarray, np.ndarray]


def rejected_of(tested: Tested) -> np.ndarray:
    return (tested[0] == Coordinate.LIVE) & (tested[1] < 0.05)


def test_rows_are_of_the_rejected_series(
    analysis: TailAnalysis, noise: list[np.ndarray], tested: Tested
) -> None:
    rejected = rejected_of(tested)
    rows = analysis.rejected.rows
    assert rows.size == len(SIZES) * len(REPEATS) * 2
    assert set(rows["method"]) == {b"ecf", b"ml"}
    for row in rows:
        s, r = SIZES.index(row["batch_size"]), REPEATS.index(row["repeat"])
        where = np.flatnonzero(rejected[s, r])
        assert row["rejected"] == row["series"] == where.size < MOST
        series = noise[r][s, :BATCHES, where]
        found = tail_index(series, axis=1, method=row["method"].decode())
        assert row["share_converged"] == found.converged.mean()
        assert row["share_at_2"] == np.mean(found.converged & (found.alpha >= 1.98))
        assert row["share_near_2"] == np.mean(found.converged & (found.alpha >= 1.8))
    heavy = rows[rows["batch_size"] == 16]
    assert np.all(heavy["share_near_2"] < 0.6)
    # Rejected Gaussian series are near 2 all the same, and by maximum likelihood most of them at 2.
    assert np.all(rows["null_share_near_2"] > 0.9)
    assert np.all(rows[rows["method"] == b"ml"]["null_share_at_2"] > 0.5)
    for method, counts in analysis.rejected.histograms.items():
        cells = rows[rows["method"] == method.encode()]
        total = counts["counts"].sum(axis=2).ravel()
        np.testing.assert_array_equal(total, np.round(cells["series"] * cells["share_converged"]))
        assert counts["null"].sum() == cells["null_series"][0]


def test_rejected_gaussian_series_are_those_that_the_test_rejects(analysis: TailAnalysis) -> None:
    kept = analysis.null.rejected_series
    assert len(kept) == analysis.null.rejected["ecf"].size
    found = tail_index(kept)
    np.testing.assert_array_equal(found.alpha, analysis.null.rejected["ecf"])


def test_many_rejected_series_are_spread_over_the_layer() -> None:
    rejected = np.zeros((1, 1, 1000), bool)
    rejected[0, 0, 100:900] = True
    collected = Collected(rejected)
    values = np.arange(1000, dtype=np.float32)
    for columns in (slice(0, 450), slice(450, 1000)):
        collected.add((0, 0), columns, np.tile(values[columns], (5, 1)))
    taken = collected.of((0, 0))[:, 0]
    assert taken.size == MOST
    assert taken[[0, -1]].tolist() == [100, 899]
    assert np.ptp(np.diff(taken)) <= 1
    assert collected.number.tolist() == [[800]]


def test_blocks_change_nothing(
    noise: list[np.ndarray],
    tested: Tested,
    analysis: TailAnalysis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(noise_store, "READ_BYTES", 4 * BATCHES * 7)
    found = analyse_tails(noise, SIZES, BATCHES, REPEATS, *tested, ("ecf",), null_series=2000)
    assert found.rejected.rows.tobytes() == analysis.rejected.rows.tobytes()


def test_without_rejected_series_there_is_no_share() -> None:
    null = gaussian_null(100, ("ecf",), seed=0, series=200)
    collected = Collected(np.zeros((1, 1, 3), bool))
    collected.add((0, 0), slice(0, 3), np.ones((100, 3), np.float32))
    found = analyse_rejected(collected, [16], 100, [1], null)
    assert found.rows["rejected"].tolist() == [0, 0]
    assert np.isnan(found.rows["share_at_2"]).all()
    assert not found.histograms["ml"]["counts"].any()


def test_a_series_without_an_index_is_not_near_two() -> None:
    alpha = np.array([2.0, 1.98, 1.97, 1.8, 1.79, 1.9])
    converged = np.array([True, True, True, True, True, False])
    found = shares(TailIndex(alpha, alpha, converged))
    assert found["share_at_2"] == pytest.approx(2 / 6)
    assert found["share_near_2"] == pytest.approx(4 / 6)
    assert found["share_converged"] == pytest.approx(5 / 6)


def test_all_that_are_rejected_are_counted_though_few_are_looked_at() -> None:
    null = gaussian_null(60, ("ecf",), seed=0, series=300)
    collected = Collected(np.ones((1, 2, 70), bool) & (np.arange(70) != 4))
    series = np.random.default_rng(0).standard_normal((2, 60, 70)).astype(np.float32)
    series[1] **= 3
    for repeat in range(2):
        collected.add((0, repeat), slice(0, 70), series[repeat])
    rows = analyse_rejected(collected, [16], 60, [1, 5], null).rows
    assert rows["rejected"].tolist() == [69] * 4
    assert rows["series"].tolist() == [MOST] * 4
    assert rows["repeat"].tolist() == [1, 5, 1, 5]
    assert len(set(rows["share_near_2"][:2])) == 2
