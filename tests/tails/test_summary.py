import numpy as np
import pytest

from example_tails import COUNT, TailAnalysis
from gradnoise.gaussianity.populations import Coordinate
from gradnoise.tails.null import Null
from gradnoise.tails.stable.index import ESTIMATORS
from gradnoise.tails.summary import describe_indices, example_roles, histograms, summarise


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


def test_a_row_by_hand() -> None:
    """Six coordinates: five live, one of these without an index, two rejected; all numbers differ."""
    live, dead = Coordinate.LIVE, Coordinate.DIRAC
    classes = np.array([[[live, live, live, live, live, dead]]], np.uint8)
    pvalues = np.array([[[0.2, 0.04, 0.01, 0.5, 0.03, 0.0]]])
    alpha = np.array([[[1.99, 1.4, 1.1, 1.7, 0.6, 1.9]]], np.float32)
    converged = np.array([[[True, True, True, True, False, True]]])
    fields = {"alpha": alpha, "scale": alpha, "converged": converged}
    known = np.array([1.9, 1.97, 1.98, 2.0, 1.8])
    null = Null({"ecf": known}, {"ecf": known[[0, 4]]}, np.empty((0, 30), np.float32))
    (row,) = summarise({"ecf": fields}, classes, pvalues, null, [16], 30, [3], 0.05)
    measured = np.array([1.99, 1.4, 1.1, 1.7])
    expected = {
        **{"batch_size": 16, "batches": 30, "repeat": 3, "coordinates": 6, "live": 5},
        **{"rejected": 3, "share_converged": 0.8},
        **{"alpha_mean": measured.mean(), "alpha_sd": measured.std(ddof=1)},
        **{"alpha_q05": np.quantile(measured, 0.05), "alpha_q25": np.quantile(measured, 0.25)},
        **{"alpha_median": 1.55, "alpha_q75": np.quantile(measured, 0.75)},
        **{"alpha_q95": np.quantile(measured, 0.95), "alpha_share_at_2": 0.25},
        **{"null_mean": known.mean(), "null_sd": known.std(ddof=1), "null_median": 1.97},
        **{"null_share_at_2": 0.4, "null_error": known.std(ddof=1) / np.sqrt(5)},
        **{"null_minus_mean": known.mean() - measured.mean(), "null_minus_median": 1.97 - 1.55},
        **{"alpha_rejected_mean": 1.25, "null_rejected_mean": 1.85},
    }
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=1e-6), name
    counts = histograms(fields, classes, pvalues, null, "ecf", 0.05)
    assert (counts["live"].sum(), counts["rejected"].sum()) == (4, 2)
    assert (counts["null"].sum(), counts["null_rejected"].sum()) == (5, 2)


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
