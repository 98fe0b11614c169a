import numpy as np
import pytest

from gradnoise.control.populations import (
    INDEXED,
    fresh_noise,
    regression_gradients,
    resampled_noise,
)
from gradnoise.tails.stable.index import tail_index


def test_gradients_are_those_of_a_regression() -> None:
    """At the true parameters of 3 targets of 3 features, by automatic differentiation on the same numbers."""
    torch = pytest.importorskip("torch")
    shape = (5, 3)
    found = regression_gradients(np.random.default_rng(0), "t(3)", "inputs", shape)
    random = np.random.default_rng(0)
    inputs = torch.tensor(random.standard_t(3, shape))
    errors = torch.tensor(random.standard_normal(shape))
    weights = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    for sample in range(5):
        prediction = inputs[sample] @ weights
        loss = 0.5 * ((prediction - (prediction.detach() - errors[sample])) ** 2).sum()
        (gradient,) = torch.autograd.grad(loss, weights)
        np.testing.assert_allclose(found[sample], gradient.diagonal().numpy(), rtol=1e-12)


def test_large_resampled_batches_hide_the_tails() -> None:
    random = np.random.default_rng(2)
    gradients = regression_gradients(random, "t(1.5)", "labels", (1000, INDEXED))
    hidden = tail_index(resampled_noise(gradients, [2048], 200, 0)[0], axis=0)
    fresh = tail_index(fresh_noise(random, "t(1.5)", "labels", 256, 200), axis=0)
    assert np.median(hidden.alpha) > 1.9
    assert np.median(fresh.alpha) < 1.6
