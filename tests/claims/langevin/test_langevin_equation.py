"""Variances, velocities and temperatures against Langevin's equation."""

import numpy as np
import pytest

from example_dynamics import VARIANTS, decided, row, tables

LIMIT, RATE, VELOCITIES = (
    "momentum_is_langevin",
    "learning_rate_is_temperature",
    "velocities_share_temperature",
)


def scaled(factor: float, *names: str, variant: str = "heavy_small") -> dict:
    """Columns of one variant times a factor, errors too."""
    _, rows = tables()
    rows = rows[rows["variant"] == variant]
    columns = {column for name in names for column in (name, f"{name}_error")}
    return {variant: {name: list(factor * rows[name]) for name in columns}}


def test_the_exact_law_has_langevins_limit_though_steps_are_large():
    found = decided(LIMIT).components
    assert [part["value"] for part in found] == pytest.approx([1.0, 1.0])
    assert [part["component"].split(":")[0] for part in found] == ["momentum 0", "momentum 0.9"]
    # The large step alone is 1 / (1 - 0.4) off.
    _, rows = tables()
    plain = rows[rows["variant"] == "plain"]
    assert (plain["variance"] / plain["continuous_variance"]).max() == pytest.approx(1 / 0.6)


def test_the_error_of_the_extrapolation_is_propagated():
    part = decided(LIMIT).components[0]
    _, rows = tables()
    large, small = (rows[rows["variant"] == name] for name in ("plain", "small"))
    steps = [0.02 * large["curvature"].to_numpy(), 0.002 * small["curvature"].to_numpy()]
    error = np.hypot(0.012, 0.008)
    inverse = [1 - step / 2 for step in steps]
    single = np.hypot(steps[0] * inverse[1] * error, steps[1] * inverse[0] * error) / (
        steps[0] - steps[1]
    )
    assert part["error"] == pytest.approx(np.sqrt((single**2).sum()) / 16)


# At eta h = 0 a factor f of the small step's variance gives 1.25 / f - 0.25: steps are as 5 to 1, and
# variances there nearly those of the limit.
@pytest.mark.parametrize(
    ("factor", "expected"),
    [(1.0, "supported"), (1.055, "supported"), (0.945, "supported"), (1.072, "open"),
     (1.10, "contradicted"), (0.90, "contradicted")],
)  # fmt: skip
def test_a_variance_that_is_not_langevins_contradicts(factor, expected):
    assert row(LIMIT, None, scaled(factor, "variance"))["verdict"] == expected


def test_both_halves_of_the_claim_need_two_step_sizes():
    for left in (["plain", "small", "heavy"], ["plain", "heavy", "heavy_small"]):
        found = row(LIMIT, variants={name: VARIANTS[name] for name in left})
        assert found["verdict"] == "not testable here"
        assert found["reason"].endswith("at two step sizes, without momentum and with it")
    # Batches of another size are another noise.
    other = row(LIMIT, {"heavy": {"batch_size": 16}})
    assert other["verdict"] == "not testable here"
    nesterov = row(LIMIT, {"heavy": {"nesterov": True}, "heavy_small": {"nesterov": True}})
    assert nesterov["verdict"] == "not testable here"


@pytest.mark.parametrize(
    ("factor", "expected"),
    [(1.0, "supported"), (1.08, "supported"), (0.92, "supported"), (1.095, "open"),
     (0.905, "open"), (1.13, "contradicted"), (0.88, "contradicted")],
)  # fmt: skip
def test_temperatures_are_as_learning_rates(factor, expected):
    # The hotter trajectory's: the ratio is its factor.
    changed = scaled(factor, "temperature", variant="heavy")
    found = row(RATE, None, changed)
    assert found["verdict"] == expected
    if expected == "contradicted":
        assert found["measured"] == pytest.approx(factor)
        assert found["quantity"].startswith("momentum 0.9: temperatures over learning rates")


def test_noise_that_differs_is_taken_out():
    changed = scaled(1.5, "temperature", "noise_variance", variant="heavy")
    found = row(RATE, None, changed)
    assert found["verdict"] == "supported"
    assert "7.50 to 7.50 for 5" in found["reason"]
    part = decided(RATE).components[0]
    assert part["error"] == pytest.approx(np.sqrt(2 * (0.012**2 + 0.006**2)) / 4)


def test_one_learning_rate_says_nothing_of_temperature():
    found = row(RATE, variants={name: VARIANTS[name] for name in ("plain", "heavy")})
    assert found["verdict"] == "not testable here"
    assert "differ in nothing but the learning rate" in found["reason"]


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(1.09, "supported"), (1.097, "open"), (1.107, "contradicted"), (0.91, "supported"),
     (0.903, "open"), (0.893, "contradicted")],
)  # fmt: skip
def test_velocities_have_the_temperature_of_positions(ratio, expected):
    # Sixteen modes with errors of 0.01: 0.0049 to either side; four trajectories, so that Holm asks for 0.0062.
    found = row(VELOCITIES, None, {"heavy": {"kinetic_ratio": ratio}})
    assert found["verdict"] == expected


def test_the_published_mapping_is_said_beside():
    said = row(VELOCITIES)["reason"]
    assert said == (
        "in the published mapping it is 2.01 at momentum 0 (theory 2.00), 1.06 at momentum 0.9 (theory 1.05)"
    )
    assert row(VELOCITIES, {"": {"nesterov": True}})["verdict"] == "not testable here"
