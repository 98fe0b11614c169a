import numpy as np
import pytest

from gradnoise.related.circle import eigenvalues
from gradnoise.related.studies.exact import momentum_and_spectral_bias
from gradnoise.related.studies.exact.momentum_and_spectral_bias import (
    distances,
    run,
    settling_steps,
    slopes,
)
from gradnoise.related.study import Settings


def test_distances_are_heavy_ball_s() -> None:
    position, velocity, found = 1.0, 0.0, [1.0]
    for _ in range(40):
        velocity = 0.9 * velocity - 0.1 * 0.7 * position
        position += velocity
        found.append(abs(position))
    assert distances(0.7, 0.9, 41) == pytest.approx(np.array(found), rel=1e-9)


@pytest.mark.parametrize(
    ("momentum", "expected"),
    [(0.0, (66, 688, 6905, 69075)), (0.99, (1373, 1354, 1331, 1267))],
)
def test_settling_steps_are_known(momentum: float, expected: tuple[int, ...]) -> None:
    found = [settling_steps(h, momentum) for h in momentum_and_spectral_bias.CURVATURES]
    assert tuple(found) == expected


def test_a_mode_that_does_not_settle_is_refused() -> None:
    with pytest.raises(ValueError, match=r"curvature: found 0\.0001; it does not settle"):
        settling_steps(0.0001, 0.0)


def test_slopes_are_in_the_eigenvalue() -> None:
    h = eigenvalues()
    steps = np.array([[3 * h**-0.8, 5 * h**0.1]])
    assert slopes(steps) == pytest.approx(np.array([[-0.8, 0.1]]))


def test_both_ends_are_claimed_and_hold() -> None:
    rows = run(Settings(seed=0, repeats=2)).rows
    assert [(row.least, row.most) for row in rows] == [
        (100.0, np.inf),
        (-np.inf, np.inf),
        (-np.inf, np.inf),
        (-np.inf, 2.0),
        (-1.1, -0.9),
        (100.0, np.inf),
        (-np.inf, np.inf),
        (-np.inf, 2.0),
    ]
    assert rows[0].measured == pytest.approx(1046.6, abs=0.1)
    assert rows[3].measured == pytest.approx(0.9228, abs=1e-4)
    for row in rows[4:]:
        assert row.least < row.measured < row.most, row
        assert row.measured == pytest.approx(row.predicted, rel=0.35)
