import numpy as np
import pytest
import torch

from gradnoise.related.studies.networks.knots import (
    CELLS,
    RATE,
    UNITS,
    bends,
    forward,
    knots,
    problem,
    run,
    step,
)
from gradnoise.related.study import Settings


def weights(seed: int, repeats: int = 3):
    return tuple(np.random.default_rng(seed).standard_normal((3, repeats, UNITS)))


def test_a_step_is_autograd_s() -> None:
    start = weights(1)
    x, y = np.random.default_rng(2).uniform(-1, 1, (2, 3, 4))
    parameters = [torch.tensor(each, requires_grad=True) for each in start]
    inner, bias, outer = parameters
    hidden = torch.relu(torch.tensor(x)[..., None] * inner[:, None] + bias[:, None])
    output = (hidden * outer[:, None]).sum(-1) / UNITS**0.5
    (((output - torch.tensor(y)) ** 2).mean(dim=1) / 2).sum().backward()
    np.testing.assert_allclose(forward(start, x)[1], output.detach(), rtol=1e-9)
    for moved, parameter in zip(step(start, x, y), parameters, strict=True):
        expected = parameter.detach() - RATE * parameter.grad
        np.testing.assert_allclose(moved, expected, rtol=1e-9, atol=1e-12)


def test_bends_are_the_changes_of_slope_between_the_cells_ends() -> None:
    found = weights(3)
    lowest, highest = np.array([-0.9, -0.4, -1.5]), np.array([0.8, 1.1, 0.2])
    ends = np.linspace(lowest, highest, CELLS + 1, axis=1)
    slopes = (forward(found, ends + 1e-9)[1] - forward(found, ends - 1e-9)[1]) / 2e-9
    expected = np.diff(slopes, axis=1)
    np.testing.assert_allclose(bends(found, lowest, highest), expected, atol=1e-5)


def test_knots_are_the_cells_above_a_hundredth_of_the_largest() -> None:
    cells = np.array([[5.0, 0.0, -0.051, 0.049], [0.0, -1.0, 0.2, 0.0101]])
    assert list(knots(cells)) == [2, 3]


def test_every_point_has_a_sixth_of_the_range() -> None:
    x, y = problem(Settings(seed=4, repeats=50))
    assert (np.floor((x + 1) * 3) == np.arange(6)).all()
    assert np.abs(y).max() <= 1
    assert abs(y.mean()) < 0.2


def test_label_noise_is_what_parts_the_methods() -> None:
    found = run(Settings(seed=1, repeats=3, length=0.002))
    plain, noisy = found.arrays["knots"]
    assert plain.shape == (2, 3)
    assert not np.array_equal(plain, noisy)
    row = next(row for row in found.rows if row.quantity.startswith("knots with label noise minus"))
    assert row.measured == pytest.approx((noisy[0] - plain[0]).mean() / 6)
    assert row.most == 0
