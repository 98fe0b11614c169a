"""What every study finds, on few replicas."""

import json

import numpy as np
import pandas as pd
import pytest

from example_results import call
from example_studies import SMALL, STUDIES, TABLES, given, study
from gradnoise.balance.settings import Common
from gradnoise.balance.studies.laws import distance
from gradnoise.balance.studies.norms import SAMPLES, TRAINING_BATCH
from gradnoise.balance.study import moments, relaxed, seed_of
from gradnoise.store.studies import write


def test_the_stage_writes_the_tables_of_its_study(tmp_path):
    for folder in ("crossings", "again"):
        settings = json.dumps(given("crossings"))
        call("balance", "--settings", settings, "--output", tmp_path / folder)
    (path,) = (tmp_path / "crossings").glob("[!.]*")
    found = pd.read_csv(path)
    assert path.name == "balance_crossings.csv"
    assert list(found) == [each.name for each in TABLES["balance_crossings"]]
    assert found["replicas"].unique() == SMALL["replicas"]
    assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_fills_every_declared_column(name, tmp_path):
    found = study(name)
    assert set(found) == {f"balance_{table}" for table in STUDIES[name].tables}
    write(
        tmp_path,
        "balance",
        STUDIES[name].tables,
        {k.removeprefix("balance_"): t.to_dict("records") for k, t in found.items()},
    )
    assert {path.stem for path in tmp_path.glob("[!.]*")} == set(found)
    for table, rows in found.items():
        assert set(rows) == {each.name for each in TABLES[table]}
        assert np.isfinite(rows.select_dtypes("number").to_numpy()).all()


def test_ensembles_through_the_transition_have_the_exact_moments():
    rows = study("transition")["balance_transition"]
    assert len(rows) == 12
    # Above, four hundred replicas of depth 2 do not tell their mean's error.
    below = rows[(rows["ratio"] < 1) | (rows["depth"] == 0)]
    score = (below["mean"] - below["exact_mean"]) / below["mean_error"]
    assert score.abs().max() < 4.5
    deep = rows[(rows["ratio"] > 1) & (rows["depth"] == 2)].iloc[0]
    assert deep["median"] == pytest.approx(deep["exact_median"], rel=0.6)
    collapsed = rows[(rows["ratio"] > 1) & (rows["depth"] == 1)]
    assert (collapsed[["exact_mean", "exact_variance", "exact_median"]] == 0).all(axis=None)
    assert (collapsed["median"] < 1e-6).all()
    np.testing.assert_allclose(rows["learning_rate"], rows["ratio"] * 2 / 900)


def test_growth_near_zero_is_the_expected_one_and_changes_sign_at_the_threshold():
    rows = study("transition")["balance_growth"]
    score = (rows["growth"] - rows["exact_growth"]) / rows["growth_error"]
    assert score.abs().max() < 4
    assert (np.sign(rows["exact_growth"].round(12)) == [1, 1, 0, -1, -1]).all()
    # Errors are of independent ensembles.
    assert score.nunique() == len(rows)
    assert score.std() > 0.1


def test_laws_leave_out_what_has_none():
    rows = study("laws")["balance_laws"]
    keys = set(zip(rows["depth"], rows["ratio"], strict=True))
    assert keys == {(depth, ratio) for depth in (0, 1, 2) for ratio in (0.25, 0.5, 0.75)}
    steps = rows.pivot_table(index=["depth", "ratio"], columns="batch_size", values="steps")
    assert (steps[1] / steps[2]).to_numpy() == pytest.approx(2, abs=0.01)
    assert (rows["distance"] < 1.95 / np.sqrt(SMALL["replicas"])).mean() > 0.9
    assert rows["distance"].min() > 0.001


def test_histograms_stand_beside_their_densities():
    bins = study("laws")["balance_histograms"]
    one = bins[(bins["depth"] == 0) & (bins["ratio"] == 0.5)]
    assert one["lower"].iloc[0] == -4
    width = one["upper"] - one["lower"]
    assert (one["density"] * width).sum() == pytest.approx(1)
    error = np.sqrt(one["exact_density"] / width / SMALL["replicas"])
    assert ((one["density"] - one["exact_density"]).abs() < 5 * error + 0.05).all()
    assert (bins[bins["depth"] > 0]["lower"] >= 0).all()


def test_kolmogorovs_distance_looks_at_both_sides_of_every_step():
    assert distance(np.array([1.0, 2.0]), np.array([0.9, 0.95])) == pytest.approx(0.9)
    assert distance(np.array([1.0, 2.0]), np.array([0.1, 0.2])) == pytest.approx(0.8)


def test_balanced_starts_never_cross_and_others_do():
    rows = study("crossings")["balance_crossings"]
    balanced = rows["imbalance"] == 0
    assert balanced.sum() == 1
    assert rows[balanced]["crossed"].item() == 0
    assert (rows[~balanced]["crossed"] == rows[~balanced]["replicas"]).all()
    assert (rows["first"] * rows["second"] < -0.4).all()


def test_imbalance_decays_to_where_noise_is_balanced():
    found = study("norms")
    decay = found["balance_decay"].iloc[0]
    assert decay["decay"] == pytest.approx(decay["predicted_decay"], rel=0.03)
    ratios = found["balance_fixed_points"]
    assert list(ratios["predicted_ratio"].round(3)) == [3, 0.333, 1]
    np.testing.assert_allclose(ratios["ratio"], ratios["predicted_ratio"], rtol=0.02)


@pytest.mark.parametrize("network", ["linear", "relu"])
def test_networks_follow_the_law_and_gradient_descent_keeps_the_balance(network):
    rows = study("norms")["balance_training"]
    rows = rows[rows["network"] == network]
    noisy, full = rows[rows["batch_size"] == TRAINING_BATCH], rows[rows["batch_size"] == SAMPLES]
    moved = np.ptp(noisy["imbalance"])
    assert moved > 3
    assert np.ptp(full["imbalance"]) < 0.03 * moved
    assert full["predicted_imbalance"].nunique() == 1
    gap = (noisy["imbalance"] - noisy["predicted_imbalance"]).abs()
    assert gap.max() < 0.1 * moved
    assert (noisy["loss"].iloc[-20:] < noisy["loss"].iloc[0]).all()


def test_runs_are_as_long_as_their_slowest_part():
    assert relaxed(0) == 12
    assert relaxed(0.75) == pytest.approx(96)
    assert relaxed(0.75, slope=2) == pytest.approx(48)
    assert relaxed(1) == relaxed(0.99) == 400
    assert relaxed(3) == 12


def test_moments_leave_out_what_diverged():
    v = np.array([1.0, np.nan, 4.0, 7.0])
    found = moments(v)
    assert found["diverged"] == 1
    assert (found["mean"], found["variance"], found["median"]) == (4, 9, 4)
    assert found["mean_error"] == pytest.approx(np.sqrt(3))
    assert found["variance_error"] == pytest.approx(np.std([9, 0, 9], ddof=1) / np.sqrt(3))


def test_ensembles_have_seeds_of_their_own():
    settings, other = Common("laws", 3), Common("laws", 4)
    seeds = {seed_of(each, "laws", d) for each in (settings, other) for d in (0, 1)}
    assert len(seeds) == 4
