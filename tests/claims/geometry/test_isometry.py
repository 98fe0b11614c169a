"""Claims on isometry: both sides of every threshold, out of tables made for them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.geometry.isometry import CLAIMS, slopes
from gradnoise.claims.geometry.networks import difference, mean

BY_NAME = {claim.name: claim for claim in CLAIMS}


def row(name: str, **tables: pd.DataFrame) -> dict:
    shared = {f"geometry_{key}": table for key, table in tables.items()}
    (found,) = decide(BY_NAME[name], Experiment([], [], shared)).claims
    return found


def networks(
    slope: float = 1.0, count: int = 10, noise: float = 0.05, flat: float = 0.5, even: float = 0.7
):
    """Ten networks an arm whose eigenvalue is the stretch to a power; orthogonal ones flatter by ratios."""
    random = np.random.default_rng(4)
    rows = []
    for kind in ("orthogonal", "gaussian"):
        for q in (0.02, 0.5):
            # Ratios of curvature come from those of the stretch.
            low = np.log(flat) / slope if kind == "orthogonal" else 0
            stretch = low + np.log(3 if q == 0.5 else 1) + 0.3 * random.standard_normal(count)
            fisher = slope * stretch + noise * random.standard_normal(count)
            condition = np.log(even) * (kind == "orthogonal") + 0.1 * random.standard_normal(count)
            rows += [
                {
                    "depth": 16,
                    "initialisation": kind,
                    "q": q,
                    "seed": k,
                    "stretch": np.exp(stretch[k]),
                }
                | {"fisher": np.exp(fisher[k]), "condition": np.exp(condition[k])}
                for k in range(count)
            ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"slope": 1.0}, "supported"),
        ({"slope": 0.55}, "supported"),
        ({"slope": 0.45}, "contradicted"),
        ({"slope": 1.45}, "supported"),
        ({"slope": 1.56}, "contradicted"),
        ({"slope": 0.5, "noise": 0.4}, "open"),
        ({"count": 9}, "not testable here"),
    ],
)
def test_curvature_follows_the_jacobian(change, expected):
    assert row("fisher_follows_jacobian", initialisation=networks(**change))["verdict"] == expected


def test_the_slope_is_that_of_least_squares_and_its_spread_that_of_the_line():
    random = np.random.default_rng(1)
    x = random.standard_normal(50)
    y = 0.8 * x + 0.3 * random.standard_normal(50)
    slope, resampled = slopes(x, y)
    fitted, covariance = np.polyfit(x, y, 1, cov=True)
    assert slope == pytest.approx(fitted[0])
    assert resampled.std() == pytest.approx(covariance[0, 0] ** 0.5, rel=0.25)
    assert len(resampled) == 4000


def runs(
    orthogonal: float = 200,
    stiefel: float = 200,
    gaussian: float = 100,
    spread: float = 0.02,
    missing: int = 0,
    edge: int = 0,
    stuck: bool = False,
):
    """Judged runs and arms; seeds differ by `spread`, alike for networks that start alike."""
    random = np.random.default_rng(2)
    rows, arms = [], []
    for q in (0.02, 0.5):
        shared = spread * random.standard_normal(5)
        for kind, manifold, steps in (
            ("orthogonal", "euclidean", orthogonal),
            ("orthogonal", "stiefel", stiefel),
            ("gaussian", "euclidean", gaussian),
        ):
            own = shared if kind == "orthogonal" else spread * random.standard_normal(5)
            jitter = 0.005 * random.standard_normal(5)
            arms.append(
                {
                    "depth": 16,
                    "initialisation": kind,
                    "manifold": manifold,
                    "q": q,
                    "at_edge": edge,
                    "best_rate": 0.1,
                }
            )
            rows += [
                {"depth": 16, "initialisation": kind, "manifold": manifold, "q": q, "seed": 4 + k}
                | {
                    "judged": 1,
                    "steps": steps * np.exp(own[k] + jitter[k]),
                    "arrived": int(k >= missing and not (stuck and manifold == "stiefel")),
                }
                for k in range(5)
            ]
    # Runs of the choice of the rate count for nothing.
    rows += [{**each, "judged": 0, "steps": 1} for each in rows]
    return {"descents": pd.DataFrame(rows), "arms": pd.DataFrame(arms)}


@pytest.mark.parametrize(
    ("start", "trained", "expected"),
    [
        ({}, {}, "supported"),
        ({"flat": 1.6}, {}, "contradicted"),
        ({"even": 1.4}, {}, "contradicted"),
        ({"even": 0.97}, {}, "open"),
        ({}, {"orthogonal": 80}, "contradicted"),
        ({}, {"orthogonal": 102, "spread": 0.2}, "open"),
        ({}, {"missing": 3}, "not testable here"),
        ({}, {"missing": 2}, "supported"),
        ({}, {"edge": 1}, "not testable here"),
    ],
)
def test_isometry_is_flat_and_slow(start, trained, expected):
    tables = {"initialisation": networks(**start), **runs(**trained)}
    assert row("isometric_initialisation", **tables)["verdict"] == expected


@pytest.mark.parametrize(
    ("stiefel", "expected"),
    [(150, "supported"), (217, "supported"), (220.5, "open"), (226, "contradicted")],
)
def test_the_manifold_is_not_slower(stiefel, expected):
    assert row("stiefel_does_well", **runs(stiefel=stiefel))["verdict"] == expected


def test_runs_that_never_arrive_contradict_and_never_support():
    assert row("stiefel_does_well", **runs(stiefel=600, stuck=True))["verdict"] == "contradicted"
    found = row("stiefel_does_well", **runs(stiefel=205, stuck=True))
    assert found["verdict"] == "not testable here"
    assert "on the manifold more than half" in found["reason"]
    assert (
        row("isometric_initialisation", initialisation=networks(), **runs(stuck=True))["verdict"]
        == "supported"
    )


def test_runs_that_do_not_arrive_are_counted():
    found = row("stiefel_does_well", **runs(missing=1))
    assert found["reason"].startswith("6 of 30 judged runs did not arrive")


def test_differences_have_welchs_error():
    from scipy.stats import ttest_ind, ttest_rel

    random = np.random.default_rng(5)
    a, b = random.standard_normal(8), 3 * random.standard_normal(5) + 1
    found, whole = difference("x", a, b), ttest_ind(a, b, equal_var=False)
    assert found.value / found.error == pytest.approx(whole.statistic)
    assert found.interval == pytest.approx(tuple(whole.confidence_interval()))
    paired = ttest_rel(a[:5], b)
    assert mean("x", a[:5] - b).interval == pytest.approx(tuple(paired.confidence_interval()))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_study_that_was_not_made_is_named(name):
    (found,) = decide(BY_NAME[name], Experiment([])).claims
    assert found["verdict"] == "not testable here"
    assert found["reason"].endswith("in geometry.studies")


def test_components_are_logarithms_of_ratios_of_their_own_arms():
    tables = {"initialisation": networks(), **runs(orthogonal=150)}
    start = tables["initialisation"]
    start["condition"] *= np.where(start["q"] == 0.5, 1.0, start["fisher"] ** 0.3)
    shared = {f"geometry_{key}": table for key, table in tables.items()}
    found = decide(BY_NAME["isometric_initialisation"], Experiment([], [], shared)).components
    assert [part["component"] for part in found] == [
        *(
            f"depth 16, q = {q:g}: ln of {words}, orthogonal over Gaussian"
            for q in (0.02, 0.5)
            for words in ("Fisher's largest eigenvalue", "its condition number")
        ),
        *(f"depth 16, q = {q:g}: ln of steps to the loss, orthogonal over Gaussian" for q in (0.02, 0.5)),
    ]  # fmt: skip
    judged = tables["descents"]
    judged = judged[(judged["judged"] == 1) & (judged["manifold"] == "euclidean")]
    values = [(start, q, name) for q in (0.02, 0.5) for name in ("fisher", "condition")]
    values += [(judged, q, "steps") for q in (0.02, 0.5)]
    for part, (rows, q, name) in zip(found, values, strict=True):
        one, other = (
            np.log(rows[(rows["q"] == q) & (rows["initialisation"] == kind)][name])
            for kind in ("orthogonal", "gaussian")
        )
        assert part["value"] == pytest.approx(one.mean() - other.mean())
        expected = stats.ttest_ind(one, other, equal_var=False).confidence_interval()
        assert (part["lower"], part["upper"]) == pytest.approx((expected.low, expected.high))
    assert [part["most"] for part in found[:4]] == [0.0] * 4
    assert [part["least"] for part in found[4:]] == [0.0] * 2


@pytest.mark.parametrize(("seeds", "expected"), [(4, "not testable here"), (5, "supported")])
def test_five_seeds_judge_training(seeds, expected):
    tables = runs()
    tables["descents"] = tables["descents"][tables["descents"]["seed"] < 4 + seeds]
    found = row("stiefel_does_well", **tables)
    assert found["verdict"] == expected
    assert (found["reason"] == "needs 5 seeds") == (seeds == 4)
    assert found["repeats"] == seeds


def test_each_depth_needs_forty_networks():
    rows = networks()
    two = pd.concat([rows, rows.assign(depth=8).iloc[:-1]])
    found = row("fisher_follows_jacobian", initialisation=two)
    assert found["reason"] == "needs 40 networks of one depth (geometry.networks: 39 in all)"
    assert row("fisher_follows_jacobian", initialisation=rows)["repeats"] == 10


def test_one_arm_at_the_edge_is_enough():
    tables = runs()
    tables["arms"].loc[3, "at_edge"] = 1
    found = row("stiefel_does_well", **tables)
    assert found["reason"] == "needs best rates inside geometry.rates; depth 16, q = 0.5: 0.1"
