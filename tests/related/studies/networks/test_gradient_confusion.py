import numpy as np
import pytest
import torch

from gradnoise.data.small_images import small_images
from gradnoise.related.studies.networks.gradient_confusion import (
    KINDS,
    Kind,
    cosines,
    drawn,
    gram,
    products,
    run,
    slope,
)
from gradnoise.related.study import Settings


def by_autograd(inputs, targets, weights, kind: Kind):
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
    outputs, targets = values @ parameters[-1].T, torch.tensor(targets)
    if targets.shape[1] > 1:
        losses = -(targets * torch.log_softmax(outputs, dim=1)).sum(dim=1)
    else:
        losses = ((outputs - targets) ** 2 / 2).sum(dim=1)
    rows = [torch.autograd.grad(loss, parameters, retain_graph=True) for loss in losses]
    return torch.stack([torch.cat([part.flatten() for part in row]) for row in rows]).numpy()


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_products_are_those_of_autograd_s_gradients(kind: Kind, outputs: int) -> None:
    random = np.random.default_rng(3)
    inputs, targets = random.standard_normal((6, 4)), random.standard_normal((6, 1))
    if outputs > 1:
        targets = np.eye(outputs)[[0, 2, 1, 1, 2, 2]]
    weights = [random.standard_normal(shape) for shape in ((5, 4), (5, 5), (5, 5), (outputs, 5))]
    gradients = by_autograd(inputs, targets, weights, kind)
    expected = gradients @ gradients.T
    assert products(inputs, targets, weights, kind) == pytest.approx(expected, rel=1e-9)


def test_images_bring_the_classes_that_they_show() -> None:
    inputs, targets = drawn(np.random.default_rng(4), "images")
    again, classes = small_images(np.random.default_rng(4), 40, 7)
    assert np.array_equal(inputs, again)
    assert np.array_equal(targets.argmax(axis=1), classes)
    assert np.array_equal(np.unique(targets), [0, 1])
    assert np.array_equal(targets.sum(axis=1), np.ones(40))


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
    rows = run(Settings(seed=2)).rows
    for row in rows:
        assert row.least < row.measured < row.most, row
    judged = [row.quantity for row in rows if np.isfinite([row.least, row.most]).any()]
    assert len(judged) == 8
    assert sum(quantity.endswith("images") for quantity in judged) == 4
