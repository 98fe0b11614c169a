import numpy as np
import pytest
import torch

from gradnoise.related import long_tails
from gradnoise.related.long_tails import (
    Tail,
    compare,
    counts,
    descend,
    gradients,
    long_tailed,
    slopes,
)
from gradnoise.related.study import Settings


def test_gradients_and_losses_are_autograd_s() -> None:
    random = np.random.default_rng(1)
    inputs, targets = random.standard_normal((5, 3)), np.eye(4)[[0, 3, 3, 1, 2]]
    weights = random.standard_normal((3, 6)), random.standard_normal((6, 4))
    inner, outer = (torch.tensor(each, requires_grad=True) for each in weights)
    outputs = torch.tanh(torch.tensor(inputs) @ inner) @ outer
    losses = torch.nn.functional.cross_entropy(
        outputs, torch.tensor(targets.argmax(axis=1)), reduction="none"
    )
    losses.mean().backward()
    found, each = gradients(weights, inputs, targets)
    np.testing.assert_allclose(each, losses.detach(), rtol=1e-9)
    np.testing.assert_allclose(found[0], inner.grad, rtol=1e-9)
    np.testing.assert_allclose(found[1], outer.grad, rtol=1e-9)


def test_classes_have_zipf_s_frequencies_in_an_order_that_changes() -> None:
    first, second = (long_tailed(np.random.default_rng(seed)) for seed in (1, 2))
    for tail in (first, second):
        assert sorted(tail.ranks) == list(range(1, 11))
        np.testing.assert_array_equal(tail.targets.sum(axis=0), np.rint(200 / tail.ranks))
    assert not np.array_equal(first.ranks, second.ranks)
    assert list(counts(np.array([3.0, 1.0, 7.0]), 200)) == [67, 200, 29]


def test_losses_come_by_rank_at_the_first_step_below_the_level(monkeypatch) -> None:
    # One weight, no hidden layer to speak of: a class that is rare and last in the list.
    monkeypatch.setattr(long_tails, "LEVEL", 0.4)
    random = np.random.default_rng(3)
    inputs = random.standard_normal((9, 4))
    classes = np.array([0, 1, 1, 1, 1, 1, 2, 2, 2])
    tail = Tail(inputs, np.eye(3)[classes], np.array([3.0, 1.0, 2.0]))
    start = random.standard_normal((4, 7)), random.standard_normal((7, 3))
    weights, steps = start, 0
    while (losses := gradients(weights, inputs, tail.targets)[1]).mean() >= 0.4:
        along = gradients(weights, inputs, tail.targets)[0]
        weights = tuple(w - 0.001 * np.sign(g) for w, g in zip(weights, along, strict=True))
        steps += 1
    found, taken = descend(tail, start, "sign descent", 3000)
    assert taken == steps > 5
    assert found == pytest.approx([losses[classes == label].mean() for label in (1, 2, 0)])
    with pytest.raises(ValueError, match=r"sign descent: the loss is above 0\.4 after 3 steps"):
        descend(tail, start, "sign descent", 3)


def test_slopes_are_in_the_frequency() -> None:
    # Rank r has a frequency in proportion to 1 / r.
    ranks = np.arange(1.0, 6)
    losses = np.array([[0.2 * ranks**0.7, 3 * ranks**-0.1]])
    assert slopes(losses) == pytest.approx(np.array([[-0.7, 0.1]]))


def test_both_methods_start_alike_on_the_same_images(monkeypatch) -> None:
    monkeypatch.setattr(long_tails, "LEVEL", 100.0)
    losses, taken = compare(Settings(seed=4, repeats=2))
    assert (taken == 0).all()
    assert np.array_equal(losses[0], losses[1])
    assert not np.array_equal(losses[0, 0], losses[0, 1])
