"""Rows and bins of predictions against what passed."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gradnoise.clt.held_out import held_out
from gradnoise.clt.prediction import Prediction, apply_level
from gradnoise.clt.settings import Design
from gradnoise.clt.value_classes import Values
from gradnoise.rejection import reliability

DESIGN = Design([16, 64], [100, 200], 4, "with_replacement", 3)


def test_held_out_batches_pass_as_the_other_half_predicts() -> None:
    random = np.random.default_rng(1)
    shape = np.exp(random.uniform(-2.5, 1.5, 150))
    gradients = (random.gamma(shape, size=(4000, 150)) - shape).astype(np.float32)
    found = apply_level(held_out(gradients, DESIGN, "weight"), DESIGN, 0.05)
    rows = reliability.rows(found, DESIGN)
    assert len(rows) == 2 * 2 * 4
    for size in DESIGN.batch_sizes:
        for n in DESIGN.batches:
            cell = rows[(rows["batch_size"] == size) & (rows["batches"] == n)]
            gap = cell["measured_percentage"].mean() - cell["predicted_percentage"].mean()
            assert abs(gap) < 6
            assert cell["spearman"][0] > 0.5
    bins = reliability.bins(found, DESIGN)
    assert bins["count"].sum() == 4 * 150
    full = bins[bins["count"] > 40]
    assert np.abs(full["predicted_percentage"] - full["measured_percentage"]).max() < 15


ONE = Design([8], [50], 2, "with_replacement", 0)


def prediction(predicted: list[float], passed: list[list[bool]]) -> Prediction:
    classes = np.where(np.isnan(predicted), Values.DEAD, Values.CONTINUOUS).astype(np.int8)
    testable = np.ones((1, 1, *np.shape(passed)), bool)
    error = np.array([[0.04]])
    return Prediction(np.array([[predicted]]), np.array([[passed]]), testable, classes[None], error)


def test_rows_are_means_over_the_coordinates_with_a_prediction() -> None:
    passed = [[True, False, True, True], [True, False, False, True]]
    first, second = reliability.rows(prediction([0.9, 0.1, 0.5, np.nan], passed), ONE)
    assert (first["repeat"], second["repeat"]) == (1, 2)
    assert first["coordinates"] == 3
    assert first["predicted_percentage"] == pytest.approx(50)
    assert first["measured_percentage"] == pytest.approx(200 / 3)
    assert second["measured_percentage"] == pytest.approx(100 / 3)
    assert first["spearman"] == pytest.approx(1)
    assert first["predicted_error"] == second["predicted_error"] == pytest.approx(4)
    deviation = np.std([200 / 3, 100 / 3], ddof=1)
    assert first["measured_error"] == second["measured_error"] == pytest.approx(deviation)
    for row in (first, second):
        measured, predicted = row["measured_percentage"], row["predicted_percentage"]
        assert row["ratio"] == pytest.approx(measured / predicted)
        relative = np.hypot(deviation / measured, 4 / predicted)
        assert row["ratio_error"] == pytest.approx(row["ratio"] * relative)
    assert (first["testable"], first["coverage"]) == (4, 0.75)
    assert (first["share_dead"], first["share_lattice"], first["share_sparse"]) == (0.25, 0, 0)


def test_coverage_is_of_the_coordinates_whose_noise_varies() -> None:
    found = prediction([0.9, 0.1, np.nan, np.nan], [[True] * 4] * 2)
    found.testable[0, 0, 0] = [True, True, True, False]
    found.testable[0, 0, 1] = [False, True, True, True]
    first, second = reliability.rows(found, ONE)
    assert (first["testable"], first["coverage"]) == (3, pytest.approx(2 / 3))
    assert (second["testable"], second["coverage"]) == (3, pytest.approx(1 / 3))
    found.testable[:] = False
    assert np.isnan(reliability.rows(found, ONE)["coverage"]).all()


def test_one_repeat_has_no_error() -> None:
    row = reliability.rows(prediction([0.5, 0.7], [[True, False]]), replace(ONE, repeats=1))[0]
    assert np.isnan([row["measured_error"], row["ratio_error"]]).all()
    assert row["predicted_error"] == pytest.approx(4)


def test_without_a_prediction_percentages_are_missing() -> None:
    row = reliability.rows(prediction([np.nan], [[True], [True]]), ONE)[0]
    assert row["coordinates"] == 0
    assert np.isnan([row["predicted_percentage"], row["measured_percentage"]]).all()


def test_a_certain_prediction_falls_in_the_last_bin_and_empty_bins_are_missing() -> None:
    found = reliability.bins(prediction([1.0, 0.95, 0.05], [[True, False, True]] * 2), ONE)
    assert list(found["count"]) == [1, *[0] * 8, 2]
    assert found["predicted_percentage"][9] == pytest.approx(97.5)
    assert found["measured_percentage"][9] == pytest.approx(50)
    assert np.isnan(found["measured_percentage"][1:9]).all()


def test_bins_are_tenths_of_the_probability() -> None:
    predicted = [0.0, 0.05, 0.099, 0.1, 0.16, 0.5, 0.96, 1.0]
    bins = reliability.bins(prediction(predicted, [[True] * 8, [False] * 8]), ONE)
    assert bins["count"].tolist() == [3, 2, 0, 0, 0, 1, 0, 0, 0, 2]
    assert bins["bin"].tolist() == list(range(10))
    assert bins["predicted_percentage"][[0, 1, 9]] == pytest.approx([14.9 / 3, 13, 98])
    assert bins["measured_percentage"][[0, 1, 5, 9]] == pytest.approx([50] * 4)


def test_third_moments_are_correlated_with_the_share_that_passes() -> None:
    random = np.random.default_rng(0)
    rho = 1 + random.gamma(1.0, size=60)
    rho[5] = np.nan
    passes = np.clip(1.2 - 0.3 * rho, 0, 1)
    pvalues = (random.random((1, 1, 40, 60)) < passes).astype(np.float64)
    known = {"rho": rho, "variance": random.random(60)}
    design = Design([16], [50], 40, "with_replacement", 0)
    (row,) = reliability.third_moment_correlations(known, pvalues, design, 0.05)
    live = ~np.isnan(rho)
    shares = pvalues[0, 0].mean(axis=0)
    expected = stats.spearmanr(rho[live], shares[live]).statistic
    assert row["spearman_rho"] == pytest.approx(expected)
    assert expected < -0.5
    known["largest_share"] = random.random(60)
    (other,) = reliability.third_moment_correlations(known, pvalues, design, 0.05)
    assert other["spearman_rho"] == row["spearman_rho"]
    assert other["partial_spearman_rho"] != row["partial_spearman_rho"]
