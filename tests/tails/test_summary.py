import numpy as np
import pytest

from example_tails import COUNT
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.tails.analysis import TailAnalysis
from gradnoise.tails.stable.index import ESTIMATORS
from gradnoise.tails.summary import describe_indices, example_roles


def test_rows_follow_their_definitions(
    analysis: TailAnalysis, tested: tuple[np.ndarray, np.ndarray]
) -> None:
    assert analysis.summary.shape == (12,)
    row = analysis.summary[6]
    assert row[["batch_size", "batches", "repeat", "method"]].tolist() == (16, 200, 1, b"ecf")
    classes, pvalues = tested
    live = classes[1, 0] == Coordinate.LIVE
    assert (row["coordinates"], row["live"]) == (COUNT, live.sum())
    alpha = analysis.indices["ecf"]["alpha"][1, 0].astype(float)
    assert row["alpha_mean"] == pytest.approx(alpha[live].mean())
    assert row["alpha_q05"] == pytest.approx(np.quantile(alpha[live], 0.05))
    assert row["alpha_share_at_2"] == np.mean(alpha[live] >= 1.98)
    rejected = live & (pvalues[1, 0] < 0.05)
    assert row["rejected"] == rejected.sum()
    assert row["alpha_rejected_mean"] == pytest.approx(alpha[rejected].mean())
    assert row["null_minus_mean"] == row["null_mean"] - row["alpha_mean"]
    assert row["share_converged"] == 1


def test_heavy_tails_stand_out_against_the_null_and_gaussians_do_not(
    analysis: TailAnalysis,
) -> None:
    for row in analysis.summary:
        gap = row["null_minus_median" if row["method"] != b"ecf" else "null_minus_mean"]
        if row["batch_size"] == 16:
            assert row["alpha_q05"] < row["null_q05"] - 0.05
        elif row["method"] == b"ecf":
            assert abs(gap) < 0.01


def test_histograms_count_the_coordinates(
    analysis: TailAnalysis, tested: tuple[np.ndarray, np.ndarray]
) -> None:
    counts = analysis.histograms["ecf"]
    assert counts["live"].shape == (2, 2, 60)
    np.testing.assert_array_equal(counts["live"].sum(axis=2), COUNT - 1)
    rejected = (tested[0] == Coordinate.LIVE) & (tested[1] < 0.05)
    np.testing.assert_array_equal(counts["rejected"].sum(axis=2), rejected.sum(axis=2))
    assert counts["null"].sum() == 2000
    assert counts["null_rejected"].sum() == pytest.approx(100, abs=35)
    alpha = analysis.indices["ecf"]["alpha"][1, 0]
    assert counts["live"][1, 0, -1] == np.sum(alpha >= counts["edges"][-2])


def test_bins_span_what_the_estimator_tells_apart(analysis: TailAnalysis) -> None:
    for method, counts in analysis.histograms.items():
        assert (counts["edges"][0], counts["edges"][-1]) == ESTIMATORS[method].limits
        assert counts["edges"].size == counts["null"].size + 1


def test_no_indices_have_no_description() -> None:
    assert np.isnan(list(describe_indices(np.empty(0)).values())).all()
    assert describe_indices(np.array([1.98, 1.97]))["share_at_2"] == 0.5


def test_roles_nobody_plays_are_left_out() -> None:
    alpha = np.array([1.2, 1.9, 1.6, 1.4])
    every, nobody = np.ones(4, bool), np.zeros(4, bool)
    roles = example_roles(alpha, every, every, np.array([True, False, False, True]))
    assert roles == {"lowest": 0, "median": 2, "highest": 1, "rejected": 3}
    assert "rejected" not in example_roles(alpha, every, every, nobody)
    assert example_roles(alpha, nobody, every, every) == {}
    assert example_roles(alpha, every, nobody, every) == {}
