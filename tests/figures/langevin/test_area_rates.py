"""Area rates against prediction."""

import numpy as np
import pytest

from example_figures import PLAIN
from example_langevin_results import result
from gradnoise.figures.langevin.area_rates import arrow, draw, pairs


def test_every_pair_stands_once_in_standard_deviations() -> None:
    found = result("plain")
    rows = pairs(found)
    assert list(zip(rows["first"], rows["second"], strict=True)) == [
        (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)
    ]  # fmt: skip
    deviations = np.sqrt(found.eigenvectors["variance"].to_numpy())
    place = 4  # modes 1 and 3
    for name in ("measured", "error", "predicted"):
        expected = found.arrays[f"area_rate_{name}"][1, 3] / (deviations[1] * deviations[3])
        assert rows[name][place] == pytest.approx(expected)
    assert np.abs(rows["measured"] - rows["predicted"]).max() < 5 * rows["error"].max()


def test_the_arrow_of_time_is_said_with_its_control() -> None:
    found = result("momentum")
    numbers = found.numbers | {
        "arrow_score": -3.21, "control_arrow_score": 0.44, "arrow_amplitude": 0.5,
        "arrow_amplitude_error": 0.1,
    }  # fmt: skip
    said = arrow(found._replace(numbers=numbers))
    assert said == "arrow of time: z = −3.2\nreversible control: 0.4\namplitude 0.50 ± 0.20"
    nothing = arrow(found._replace(numbers=numbers | {"arrow_score": np.nan}))
    assert nothing == "arrow of time:\nno error, or none expected"


def test_points_have_bars_in_both_directions() -> None:
    drawn, shown = draw([result("plain"), result("momentum")], PLAIN)
    assert len(shown) == 12
    first = drawn.axes[0]
    points = next(line for line in first.lines if line.get_marker() == "o")
    assert list(points.get_xdata()) == pytest.approx(list(1000 * shown["predicted"][:6]))
    assert list(points.get_ydata()) == pytest.approx(list(1000 * shown["measured"][:6]))
