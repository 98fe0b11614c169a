"""Batch sharpness."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.curvature.objective import Objective, flatten
from gradnoise.curvature.sharpness import batch_sharpness


def squares(inputs: list[list[float]]) -> Objective:
    """Loss (x . w)^2: H = 2 x x^T, and the gradient lies along x."""
    model = nn.Linear(2, 1, bias=False)
    nn.init.constant_(model.weight, 0.5)
    samples = torch.tensor(inputs)
    return Objective(model, F.mse_loss, samples, torch.zeros(len(samples), 1), flatten(model))


def test_batch_sharpness_of_a_quadratic_is_the_curvature_along_the_gradient() -> None:
    loss = squares([[3.0, 4.0], [1.0, 0.0]])
    assert np.allclose(batch_sharpness(loss, np.array([[0], [1]])), [50, 2], rtol=1e-5)


def test_batches_count_alike_whatever_the_length_of_their_gradients() -> None:
    # The mean of the ratios is (50 + 2) / 2; the ratio of the means would be near 50.
    loss = squares([[3.0, 4.0], [1.0, 0.0]])
    assert batch_sharpness(loss, np.array([[0], [1]])).mean() == np.float64(26).item()


def test_a_batch_without_a_gradient_has_no_sharpness() -> None:
    assert batch_sharpness(squares([[1.0, -1.0]]), np.array([[0]])) == [0.0]
