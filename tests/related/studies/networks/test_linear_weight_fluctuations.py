import numpy as np
import pytest

from gradnoise.related.studies.networks.linear_weight_fluctuations import (
    TARGETS,
    exponents,
    in_the_loss_s_basis,
    run,
    single_layer,
    slope,
    steps_of_two_layers,
    two_layers,
)
from gradnoise.related.study import Settings


def test_the_exponent_is_in_the_width_of_the_valley() -> None:
    widths = np.array([0.3, 1.0, 2.0])
    assert slope(widths**-2, 5 * widths**1.5) == pytest.approx(1.5)


def test_gradients_of_two_layers_are_derivatives() -> None:
    random = np.random.default_rng(1)
    first, second = random.standard_normal((2, 4, 3)), random.standard_normal((2, 5, 4))
    inputs, targets = random.standard_normal((2, 7, 3)), random.standard_normal((2, 7, 5))

    def loss(w: np.ndarray, v: np.ndarray) -> float:
        return float(((inputs[1] @ w.T @ v.T - targets[1]) ** 2).sum() / 14)

    to_first, to_second = steps_of_two_layers(first, second, inputs, targets)
    for place, given in ((0, to_first[1]), (1, to_second[1])):
        numeric = np.empty_like(given)
        for where in np.ndindex(given.shape):
            ends = []
            for sign in (1, -1):
                pair = [first[1].copy(), second[1].copy()]
                pair[place][where] += sign * 1e-6
                ends.append(loss(*pair))
            numeric[where] = (ends[0] - ends[1]) / 2e-6
        assert given == pytest.approx(numeric, abs=1e-7)


def test_variances_are_along_the_curved_directions_of_the_loss() -> None:
    # V^T V = diag(4, 0): only the first hidden unit's weights have curvature, 4 x (0.5, 2).
    random = np.random.default_rng(2)
    weights = random.standard_normal((5000, 4)) * [1.0, 3.0, 10.0, 20.0] + 7.0
    curvatures, variances = in_the_loss_s_basis(
        weights, np.array([[2.0, 0.0]]), np.array([0.5, 2.0])
    )
    assert curvatures == pytest.approx([2.0, 8.0])
    assert variances == pytest.approx([1.0, 9.0], rel=0.1)


def test_one_layer_fluctuates_by_the_rate_over_the_batch_in_every_direction() -> None:
    found = [single_layer(Settings(seed=1), repeat)[1] for repeat in range(3)]
    assert np.mean(found, axis=0) == pytest.approx(np.full(6, 0.02 / 16), rel=0.12)


def test_every_target_has_its_own_network_and_a_repeat_is_their_mean(monkeypatch) -> None:
    settings = Settings(seed=3, repeats=2, length=0.01)
    each = [slope(*one) for one in two_layers(settings, 0.2)]
    assert len(each) == 2 * TARGETS == len(set(each))
    expected = np.mean(each[:TARGETS]), np.mean(each[TARGETS:])
    assert exponents(settings, 0.2) == pytest.approx(expected)


def test_rows_lie_in_their_ranges_and_two_layers_are_certainly_inverse() -> None:
    rows = run(Settings(seed=2, repeats=6, length=0.5)).rows
    for row in rows:
        assert row.least < row.measured < row.most, row
    assert rows[1].measured < -4 * rows[1].error
