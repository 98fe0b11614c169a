"""Temperatures of eigenvectors."""

import numpy as np
import pytest

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.temperature import draw, rows_of


def test_temperatures_are_over_the_learning_rate_and_carry_errors() -> None:
    found, other = result("isotropic"), result("momentum")
    rows = rows_of([found, other])
    assert np.exp(np.log(rows["temperature"]).mean()) == pytest.approx(1)
    scales = []
    # Of equal noise: eta c / 2 (1 - mu), relative to each other.
    for name, unit in (("isotropic", 0.015 / 2), ("momentum", 0.02 / 0.2)):
        each, exact = rows[rows["variant"] == name], result(name).eigenvectors
        ratio = each["temperature"].to_numpy() / (exact["temperature"].to_numpy() / unit)
        assert np.allclose(ratio, ratio[0])
        assert np.allclose(
            each["temperature_error"] / each["temperature"],
            exact["temperature_error"] / exact["temperature"],
        )
        scales.append(ratio[0])
    assert scales[0] == pytest.approx(scales[1])
    assert np.allclose(rows["kinetic_ratio"], 1, atol=0.1)


def test_ratios_carry_both_errors() -> None:
    found = result("isotropic")
    rows = found.directions.assign(
        variance=3.0, variance_error=0.3, continuous_variance=2.0, continuous_variance_error=0.1
    )
    made = rows_of([found._replace(directions=rows)])
    assert made["ratio"][0] == pytest.approx(1.5)
    assert made["ratio_error"][0] == pytest.approx(1.5 * np.hypot(0.1, 0.05))


def test_the_published_mappings_ratio_is_drawn_for_every_trajectory() -> None:
    rows = rows_of([result("plain"), result("momentum")])
    drawn = draw(rows, PLAIN)
    right = drawn.axes[2]
    dashes = [line.get_ydata()[0] for line in right.lines if line.get_linestyle() == "--"]
    assert dashes == pytest.approx([2, 2 / 1.9])
    labels = drawn.axes[1].get_legend_handles_labels()[1]
    assert labels == ["exact, momentum 0", "exact, momentum 0.9"]
