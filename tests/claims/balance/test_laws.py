"""Claims on noise balance: both sides of every threshold, out of tables made for them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradnoise.claims.balance.laws import CLAIMS, zero
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment

BY_NAME = {claim.name: claim for claim in CLAIMS}


def verdict(name: str, **tables: pd.DataFrame) -> str:
    shared = {f"balance_{key}": table for key, table in tables.items()}
    (row,) = decide(BY_NAME[name], Experiment([], [], shared)).claims
    return row["verdict"]


def norms(decay: float = 1.02, error: float = 0.01, ratio: float = 1.005, replicas: int = 50):
    fixed = [
        {"inputs": d, "outputs": m, "ratio": ratio * d / m, "ratio_error": 0.001 * d / m}
        | {"predicted_ratio": d / m, "replicas": 4}
        for d, m in ((6, 2), (2, 6))
    ]
    rates = {"decay": 0.003 * decay, "decay_error": 0.003 * error, "predicted_decay": 0.003}
    return {
        "decay": pd.DataFrame([rates | {"replicas": replicas}]),
        "fixed_points": pd.DataFrame(fixed),
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "supported"),
        ({"decay": 1.07}, "supported"),
        ({"decay": 1.09}, "open"),
        ({"decay": 1.13}, "contradicted"),
        ({"decay": 0.87}, "contradicted"),
        ({"ratio": 1.016}, "supported"),
        ({"ratio": 1.019}, "open"),
        ({"ratio": 1.03}, "contradicted"),
        ({"replicas": 19}, "not testable here"),
        ({"replicas": 20}, "supported"),
    ],
)
def test_noise_balance(change, expected):
    assert verdict("noise_balance", **norms(**change)) == expected


def laws(first: float, half: float, replicas: int = 20_000) -> pd.DataFrame:
    rows = [
        {"depth": depth, "ratio": 0.5, "batch_size": batch, "distance": found}
        for depth, distances in ((0, (0.004, 0.005)), (1, (first, half)))
        for batch, found in zip((2, 1), distances, strict=True)
    ]
    return pd.DataFrame(rows).assign(replicas=replicas, diverged=0)


@pytest.mark.parametrize(
    ("first", "half", "expected"),
    [
        (0.019, 0.012, "supported"),
        (0.022, 0.012, "open"),  # 0.0096 is half a band of 20,000 replicas
        (0.012, 0.022, "open"),
        (0.05, 0.019, "open"),
        (0.05, 0.021, "contradicted"),
    ],
)
def test_exact_laws_at_a_step_and_at_half_of_it(first, half, expected):
    assert verdict("exact_stationary_laws", laws=laws(first, half)) == expected


def test_open_laws_say_how_many_replicas_would_decide_them():
    shared = {"balance_laws": laws(0.023, 0.012)}
    (row,) = decide(BY_NAME["exact_stationary_laws"], Experiment([], [], shared)).claims
    assert row["verdict"] == "open"
    # 1.36 / sqrt(n) is the distance from 0.023 to 0.03 at n = 37,747.
    assert row["would_decide"] == "about 18,000 more replicas"


def test_laws_are_judged_by_many_replicas():
    assert verdict("exact_stationary_laws", laws=laws(0.01, 0.01, 19_999)) == "not testable here"


def growth(root: float = 1.0, error: float = 1e-6) -> pd.DataFrame:
    r = np.array([0.8, 0.9, 1.0, 1.1, 1.2])
    rates = 0.002 * r * (root - r)
    return pd.DataFrame({"ratio": r, "growth": rates, "growth_error": error, "replicas": 4000})


def through(one: float = 1e-9, two: float = 0.8, hottest: float = 3.0) -> pd.DataFrame:
    rows = [
        *((0, r, 1.0, 1.0, v, 0.01) for r, v in ((0.25, 0.25), (0.5, 0.5), (0.75, 0.7))),
        *((1, r, 0.3, 0.3, v, 0.02) for r, v in ((0.25, 0.375), (0.5, 0.5), (0.75, 0.37))),
        (1, hottest, one, 0.0, 0.0, 0.0),
        (2, hottest, two * 0.002, 0.002, 0.1, 0.1),
    ]
    columns = ["depth", "ratio", "median", "exact_median", "variance", "variance_error"]
    return pd.DataFrame(rows, columns=columns).assign(replicas=4000)


@pytest.mark.parametrize(
    ("rows", "rates", "expected"),
    [
        ({}, {}, "supported"),
        ({}, {"root": 1.025}, "supported"),
        ({}, {"root": 1.035}, "contradicted"),
        ({}, {"root": 0.965}, "contradicted"),
        ({}, {"root": 1.025, "error": 3e-5}, "open"),
        ({"one": 0.9e-6}, {}, "supported"),
        ({"one": 1.1e-6}, {}, "contradicted"),
        ({"two": 0.11}, {}, "supported"),
        ({"two": 0.09}, {}, "contradicted"),
        ({"hottest": 2.9}, {}, "not testable here"),
    ],
)
def test_phase_transition(rows, rates, expected):
    found = verdict("phase_transition", transition=through(**rows), growth=growth(**rates))
    assert found == expected


def test_the_zero_of_the_growth_and_its_error_are_those_of_a_line():
    random = np.random.default_rng(0)
    exact = growth(1.01, error=2e-6)
    roots = [
        zero(exact.assign(growth=exact["growth"] + 2e-6 * random.standard_normal(5)))
        for _ in range(400)
    ]
    found, errors = np.transpose(roots)
    assert found.mean() == pytest.approx(1.01, abs=3e-4)
    assert found.std() == pytest.approx(errors.mean(), rel=0.15)


def crossings(even: int, others: int, replicas: int = 10_000) -> pd.DataFrame:
    rows = [(0.7, -0.7, 0.0, even), (0.9, -0.545, 0.51, others)]
    columns = ["first", "second", "imbalance", "crossed"]
    return pd.DataFrame(rows, columns=columns).assign(replicas=replicas, diverged=0)


@pytest.mark.parametrize(
    ("even", "others", "expected"),
    [
        (0, 10_000, "supported"),
        (3, 9_925, "supported"),
        (6, 10_000, "open"),
        (25, 10_000, "contradicted"),
        (0, 9_910, "open"),
        (0, 9_870, "contradicted"),
    ],
)
def test_broken_ergodicity(even, others, expected):
    assert verdict("broken_ergodicity", crossings=crossings(even, others)) == expected


def test_ergodicity_needs_many_replicas():
    few = crossings(0, 9_999, replicas=9_999)
    assert verdict("broken_ergodicity", crossings=few) == "not testable here"


def test_fluctuation_inversion():
    rows = through()
    assert verdict("fluctuation_inversion", transition=rows) == "supported"
    at = (rows["depth"] == 1) & (rows["ratio"] == 0.75)
    for variance, expected in ((0.46, "open"), (0.6, "contradicted")):
        changed = rows.assign(variance=rows["variance"].mask(at, variance))
        assert verdict("fluctuation_inversion", transition=changed) == expected
    falls = (rows["depth"] == 0) & (rows["ratio"] == 0.75)
    changed = rows.assign(variance=rows["variance"].mask(falls, 0.4))
    assert verdict("fluctuation_inversion", transition=changed) == "contradicted"
    without = rows[rows["ratio"] != 0.25]
    assert verdict("fluctuation_inversion", transition=without) == "not testable here"


@pytest.mark.parametrize("name", BY_NAME)
def test_a_study_that_was_not_made_is_named(name):
    (row,) = decide(BY_NAME[name], Experiment([])).claims
    assert row["verdict"] == "not testable here"
    assert row["reason"].endswith("in balance.studies")


def test_replicas_that_diverged_are_none():
    found = decide(
        BY_NAME["broken_ergodicity"],
        Experiment([], [], {"balance_crossings": crossings(0, 9_000).assign(diverged=[300, 900])}),
    ).components
    assert [part["value"] for part in found] == pytest.approx([0, 9_000 / 9_100])
    # Clopper and Pearson's bounds of 0 of 9,700, and of 9,000 of 9,100.
    bounds = [(0, 1 - 0.025 ** (1 / 9_700)), stats.binomtest(9_000, 9_100).proportion_ci(0.95)]
    for part, (lower, upper) in zip(found, bounds, strict=True):
        assert (part["lower"], part["upper"]) == pytest.approx((lower, upper))
    # A band of 1.36 over the root of the replicas that are left.
    some = laws(0.01, 0.012).assign(diverged=4_000)
    found = decide(BY_NAME["exact_stationary_laws"], Experiment([], [], {"balance_laws": some}))
    half = 1.36 / np.sqrt(16_000)
    assert found.components[1]["upper"] == pytest.approx(0.012 + half)
    assert found.components[1]["lower"] == 0  # no distance is below it
    assert found.components[1]["value"] == 0.012
    assert found.components[1]["component"].startswith("depth 1, T = 0.5 Tc")


def test_ratios_to_the_law_have_students_interval_over_replicas():
    tables = {f"balance_{key}": table for key, table in norms(decay=1.02, error=0.03).items()}
    found = decide(BY_NAME["noise_balance"], Experiment([], [], tables)).components
    assert [part["degrees"] for part in found] == [49, 3, 3]
    assert [part["value"] for part in found] == pytest.approx([1.02, 1.005, 1.005])
    assert [part["error"] for part in found] == pytest.approx([0.03, 0.001, 0.001])
    assert [(part["least"], part["most"]) for part in found] == [(0.9, 1.1), *[(0.98, 1.02)] * 2]
    assert found[1]["component"] == "|u|^2/|w|^2, 6 inputs, 2 outputs: over the law's"


def test_inversion_compares_neighbours_with_both_errors():
    rows = through()
    found = decide(BY_NAME["fluctuation_inversion"], Experiment([], [], {"balance_transition": rows}))  # fmt: skip
    parts = {part["component"]: part for part in found.components}
    assert {name: round(part["value"], 6) for name, part in parts.items()} == {
        "depth 1: variance at 0.5 Tc minus that at 0.25 Tc": 0.125,
        "depth 1: variance at 0.5 Tc minus that at 0.75 Tc": 0.13,
        "depth 0: variance at 0.5 Tc minus that at 0.25 Tc": 0.25,
        "depth 0: variance at 0.75 Tc minus that at 0.5 Tc": 0.2,
    }
    errors = [part["error"] for part in parts.values()]
    assert errors == pytest.approx([0.02 * np.sqrt(2)] * 2 + [0.01 * np.sqrt(2)] * 2)
    assert found.claims[0]["repeats"] == 4000
    unequal = rows.assign(variance_error=rows["variance_error"] * np.where(rows["ratio"] == 0.5, 4, 3))  # fmt: skip
    found = decide(BY_NAME["fluctuation_inversion"], Experiment([], [], {"balance_transition": unequal}))  # fmt: skip
    assert [part["error"] for part in found.components] == pytest.approx([0.1, 0.1, 0.05, 0.05])


@pytest.mark.parametrize(("crossed", "expected"), [((3, 9_921), "supported"), ((4, 10_000), "open")])  # fmt: skip
def test_certainly_fewer_than_one_of_a_thousand_cross(crossed, expected):
    # 3 of 10,000: below 0.00088; 4: below 0.00102.
    assert verdict("broken_ergodicity", crossings=crossings(*crossed)) == expected


def test_the_growth_is_fitted_over_the_ratio_with_its_weights():
    rates = growth(0.99).assign(growth_error=np.array([1, 2, 3, 4, 5]) * 1e-6)
    rates["growth"] = rates["growth"] + np.array([3, -5, 2, 6, -1]) * 1e-6
    r, y, e = (rates[name].to_numpy() for name in ("ratio", "growth", "growth_error"))
    (slope, middle), covariance = np.polyfit(r, y / r, 1, w=r / e, cov="unscaled")
    found, error = zero(rates)
    assert found == pytest.approx(-middle / slope)
    jacobian = np.array([middle / slope**2, -1 / slope])
    assert error == pytest.approx(np.sqrt(jacobian @ covariance @ jacobian))


def test_distances_are_in_the_claims_own_margins():
    tables = {
        "exact_stationary_laws": ({"laws": laws(0.01, 0.012)}, [(0.03, -0.03)] * 2),
        "broken_ergodicity": ({"crossings": crossings(0, 9_990)}, [(1e-3, -1e-3), (0.99, 0.01)]),
        "fluctuation_inversion": ({"transition": through()}, [(0.0, 0.1)] * 4),
    }
    for name, (given, ends) in tables.items():
        shared = {f"balance_{key}": table for key, table in given.items()}
        found = decide(BY_NAME[name], Experiment([], [], shared)).components
        expected = [(part["value"] - end) / margin for part, (end, margin) in zip(found, ends, strict=True)]  # fmt: skip
        assert [part["standardised"] for part in found] == pytest.approx(expected)
    shared = {"balance_transition": through(one=4e-7, two=0.6), "balance_growth": growth(1.01)}
    root, one, two = decide(BY_NAME["phase_transition"], Experiment([], [], shared)).components
    assert root["standardised"] == pytest.approx(1 - 0.01 / 0.03, abs=1e-3)
    assert one["standardised"] == pytest.approx((1e-6 - 4e-7) / 1e-6)
    assert two["standardised"] == pytest.approx(0.6 - 0.1)
