"""Whether a steady state is reached."""

import pytest

from example_dynamics import row

CLAIM = "steady_state"


# Of four trajectories, so that p-values count four times.
@pytest.mark.parametrize(
    ("pvalue", "expected"),
    [(0.6, "supported"), (0.01251, "supported"), (0.01249, "contradicted"), (0.0, "contradicted")],
)
def test_one_direction_that_moves_contradicts(pvalue, expected):
    one = [0.6] * 5 + [pvalue] + [0.6] * 10
    found = row(CLAIM, None, {"heavy": {"stationarity_pvalue": one}})
    assert found["verdict"] == expected
    if pvalue < 0.2:
        assert found["quantity"].startswith("heavy: smallest p-value")
        assert found["measured"] == pytest.approx(4 * pvalue)


def test_agreement_without_power_supports_nothing_and_disagreement_contradicts():
    weak = {"stationarity_power": [0.79] + [0.95] * 15}
    some = row(CLAIM, None, {"plain": weak})
    assert some["verdict"] == "supported"
    assert not some["quantity"].startswith("plain")
    found = row(CLAIM, None, {"": weak})
    assert found["verdict"] == "not testable here"
    assert "seen with power 0.8" in found["reason"]
    strong = {"stationarity_power": [0.81] + [0.95] * 15}
    assert row(CLAIM, None, {"": strong})["verdict"] == "supported"
    moving = {**weak, "stationarity_pvalue": 1e-6}
    assert row(CLAIM, None, {"": weak, "plain": moving})["verdict"] == "contradicted"


def test_a_direction_that_is_too_short_takes_the_power():
    short = {
        "stationarity_power": [float("nan")] + [0.95] * 15,
        "stationarity_pvalue": [float("nan")] + [0.5] * 15,
    }
    assert row(CLAIM, None, {"": short})["verdict"] == "not testable here"
    assert row(CLAIM, None, {"": {"stationarity_pvalue": float("nan")}})["verdict"] == "not testable here"  # fmt: skip


def test_what_is_not_burnt_in_is_not_asked():
    # Five correlation times of 30 steps.
    assert row(CLAIM, {"": {"burn_in": 150}})["verdict"] == "supported"
    found = row(CLAIM, {"": {"burn_in": 149}})
    assert found["verdict"] == "not testable here"
    assert "149 steps of burn-in are fewer than 5 correlation times (30 steps)" in found["reason"]
    unknown = {"": {"predicted_autocorrelation_time": float("nan")}}
    assert row(CLAIM, None, unknown)["verdict"] == "not testable here"


def test_the_slowest_direction_has_to_be_burnt_in():
    times = {"": {"predicted_autocorrelation_time": [4.0] * 15 + [30.0]}}
    assert row(CLAIM, {"": {"burn_in": 150}}, times)["verdict"] == "supported"
    assert row(CLAIM, {"": {"burn_in": 149}}, times)["verdict"] == "not testable here"
