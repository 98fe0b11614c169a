"""The losses of a batch's samples, whatever the model's outputs are."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from gradnoise.gradients.sample_losses import sample_losses, summed_loss
from gradnoise.model.losses.cross_entropy import cross_entropy


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_sample_losses_are_those_of_batches_of_one() -> None:
    outputs, targets = torch.randn(6, 3), torch.randn(6, 3)

    def branching(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        scale = 1.0 if float(targets.sum()) > 0 else 2.0  # cannot be vectorised
        return scale * F.mse_loss(outputs, targets)

    for loss in (F.mse_loss, branching):
        alone = [loss(outputs[row : row + 1], targets[row : row + 1]) for row in range(6)]
        torch.testing.assert_close(sample_losses(loss, outputs, targets), torch.stack(alone))
    classes = torch.randint(0, 3, (6,))
    losses = sample_losses(F.cross_entropy, outputs, classes)
    torch.testing.assert_close(losses.mean(), F.cross_entropy(outputs, classes))


def first(outputs: Any, targets: torch.Tensor) -> torch.Tensor:
    return F.mse_loss(outputs[0], targets) + 0.1 * outputs[2]


def test_what_is_not_of_the_samples_goes_with_each_as_it_is() -> None:
    values, targets = torch.randn(6, 3), torch.randn(6, 3)
    state, scalar = torch.randn(2, 6, 4), torch.tensor(1.5)
    found = sample_losses(first, (values, state, scalar, None), targets)
    assert found is not None
    torch.testing.assert_close(found, ((values - targets) ** 2).mean(dim=1) + 0.15)


@dataclass
class Outputs:
    values: torch.Tensor


def test_outputs_that_cannot_be_taken_apart_leave_the_batchs_loss() -> None:
    values, targets = torch.randn(6, 3), torch.randn(6, 3)

    def loss(outputs: Outputs, targets: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(outputs.values, targets)

    assert sample_losses(loss, Outputs(values), targets) is None
    whole, losses = summed_loss(loss, Outputs(values), targets, torch.randn(6))
    assert losses is None
    torch.testing.assert_close(whole, 6 * F.mse_loss(values, targets))


def test_the_sum_takes_weights_where_losses_are_apart() -> None:
    values, targets, weights = torch.randn(6, 3), torch.randn(6, 3), torch.randn(6)
    each = ((values - targets) ** 2).mean(dim=1)
    plain, losses = summed_loss(F.mse_loss, values, targets)
    torch.testing.assert_close(losses, each)
    torch.testing.assert_close(plain, each.sum())
    weighted, _ = summed_loss(F.mse_loss, values, targets, weights)
    torch.testing.assert_close(weighted, weights @ each)


def test_of_sequences_a_samples_loss_is_the_mean_over_its_own_positions() -> None:
    outputs, targets = torch.randn(6, 4, 3), torch.randint(0, 3, (6, 4))
    targets[torch.arange(4) > torch.arange(6)[:, None] % 3] = -100
    rows = F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), reduction="none")
    expected = rows.reshape(6, 4).sum(1) / (targets != -100).sum(1)
    torch.testing.assert_close(sample_losses(cross_entropy, outputs, targets), expected)
