import numpy as np
import pytest
import torch

from gradnoise.related.studies.networks.gradient_confusion import (
    KINDS,
    Kind,
    cosines,
    gram,
    products,
    run,
    slope,
)
from gradnoise.related.study import Settings


def by_autograd(inputs, labels, weights, kind: Kind):
    """Gradients of every point's loss, one backward pass each; the statistics of BatchNorm are held."""
    parameters = [torch.tensor(matrix, requires_grad=True) for matrix in weights]
    values = torch.tensor(inputs)
    for place, matrix in enumerate(parameters[:-1]):
        reached = values @ matrix.T
        if kind == "BatchNorm":
            held = reached.detach()
            reached = (reached - held.mean(0)) / held.std(0, correction=0)
        hidden = torch.tanh(reached)
        values = hidden + values if kind == "skips" and place else hidden
    losses = ((values @ parameters[-1].T)[:, 0] - torch.tensor(labels)) ** 2 / 2
    rows = [torch.autograd.grad(loss, parameters, retain_graph=True) for loss in losses]
    return torch.stack([torch.cat([part.flatten() for part in row]) for row in rows]).numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_products_are_those_of_autograd_s_gradients(kind: Kind) -> None:
    random = np.random.default_rng(3)
    inputs, labels = random.standard_normal((6, 4)), random.standard_normal(6)
    weights = [random.standard_normal(shape) for shape in ((5, 4), (5, 5), (5, 5), (1, 5))]
    gradients = by_autograd(inputs, labels, weights, kind)
    expected = gradients @ gradients.T
    assert products(inputs, labels, weights, kind) == pytest.approx(expected, rel=1e-9)


def test_cosines_are_of_different_gradients() -> None:
    inner = np.array([[4.0, 1.0, -6.0], [1.0, 1.0, 0.0], [-6.0, 0.0, 9.0]])
    assert cosines(inner) == pytest.approx([0.5, -1.0, 0.0])


@pytest.mark.parametrize(
    ("width", "depth", "expected"),
    [
        (20, 2, 0.267),
        (80, 2, 0.242),
        (320, 2, 0.229),
        (80, 1, 0.236),
        (80, 8, 0.28),
        (80, 16, 0.315),
    ],
)
def test_spread_of_the_cosines_is_known(width: int, depth: int, expected: float) -> None:
    found = [
        cosines(gram(np.random.default_rng(seed), width, depth, "plain")).std()
        for seed in range(20)
    ]
    error = np.std(found, ddof=1) / np.sqrt(20)
    # The known number comes of ten networks, this one of twenty.
    assert np.mean(found) == pytest.approx(expected, abs=4 * error * np.sqrt(3))
    assert error < 0.03 * expected


def test_slopes_are_in_the_logarithm_of_the_size() -> None:
    sizes = (1, 3, 10)
    spreads = np.outer(np.log(sizes), [2.0, -1.0]) + np.array([0.3, 5.0])
    assert slope(sizes, spreads) == pytest.approx([2.0, -1.0])


def test_every_row_lies_in_its_range() -> None:
    for row in run(Settings(seed=2)).rows:
        assert row.least < row.measured < row.most, row
