import numpy as np
import pytest
import torch

from gradnoise.related.boundaries import RATE, UNITS, batch_shares, distances, step, widths
from gradnoise.related.study import Settings


def weights(seed: int, scale: float = 1.0):
    random = np.random.default_rng(seed)
    return scale * random.standard_normal((2, UNITS, 5)), random.standard_normal((2, UNITS))


def test_a_step_is_autograd_s_on_the_weighted_hinge_loss() -> None:
    start, random = weights(1), np.random.default_rng(2)
    inputs, shares = random.standard_normal((2, 7, 5)), random.random((2, 7))
    targets = np.where(random.random((2, 7)) < 0.5, -1.0, 1.0)
    inner, outer = (torch.tensor(each, requires_grad=True) for each in start)
    output = (torch.tanh(torch.tensor(inputs) @ inner.mT) @ outer[..., None])[..., 0]
    hinge = torch.relu(1 - torch.tensor(targets) * output)
    assert (hinge > 0).any()
    assert (hinge == 0).any()
    (torch.tensor(shares) * hinge**2 / 2).sum().backward()
    moved = step(start, inputs, targets, shares)
    np.testing.assert_allclose(moved[0], (inner - RATE * inner.grad).detach(), rtol=1e-9)
    np.testing.assert_allclose(moved[1], (outer - RATE * outer.grad).detach(), rtol=1e-9)


def test_distances_are_those_of_a_plane_where_the_network_is_linear() -> None:
    # Small weights make the network linear: then the distance is exact, up to the next of those that are tried.
    small, inputs = weights(3, scale=1e-4), np.random.default_rng(4).standard_normal((2, 40, 5))
    normal = np.einsum("nu,nui->ni", small[1], small[0])
    exact = np.abs(np.einsum("nsi,ni->ns", inputs, normal)) / np.linalg.norm(normal, axis=1)[:, None]  # fmt: skip
    over = distances(small, inputs) - exact
    assert over.min() >= -1e-6
    assert over.max() <= 0.05 + 1e-6


def test_a_sample_in_a_flat_place_is_as_far_as_is_tried() -> None:
    inner, outer = weights(5, scale=1e6)
    assert (distances((inner, outer), np.ones((2, 3, 5))) == 10).all()


def test_batches_have_the_mean_loss_on_average() -> None:
    inside = np.random.default_rng(7).random((5000, 8)) < 0.3
    assert batch_shares(inside, 0.3).mean(axis=0) == pytest.approx([1 / 8] * 8, rel=0.1)


def test_starts_and_images_are_shared_and_persistence_slows_training() -> None:
    settings = Settings(seed=1, repeats=2, length=0.1)
    plain, steps = widths(settings, 0.25, 4 / 3)
    again, _ = widths(settings, 0.25, 4 / 3)
    longer, more = widths(settings, 0.25, 40)
    assert np.array_equal(plain, again)
    assert not np.array_equal(plain, longer)
    assert (more >= steps).all()
    assert steps.min() > 10


def test_a_persistence_below_that_of_chance_is_refused() -> None:
    with pytest.raises(ValueError, match=r"persistence: found 1.2; accepted: 1\.33"):
        widths(Settings(seed=0, repeats=2), 0.25, 1.2)
