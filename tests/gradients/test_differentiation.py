"""Gradients that no layer's call explains: differentiated, sample by sample."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_gradients import assert_equal_to_a_loop, assert_rows, by_definition
from example_networks import Unexpected, images
from gradnoise.gradients import differentiation
from gradnoise.gradients.differentiation import (
    one_by_one,
    one_sample_gradients,
    summed_gradient,
)
from gradnoise.gradients.selections import select
from gradnoise.gradients.streaming import collected_gradients
from gradnoise.gradients.verification.problem import Problem
from gradnoise.model.preservation import Kept


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_regression_and_losses_of_several_outputs() -> None:
    model = nn.Sequential(nn.Linear(4, 50), nn.Tanh(), nn.Linear(50, 3))
    inputs, targets = torch.randn(6, 4), torch.randn(6, 3)
    assert_equal_to_a_loop(model, inputs, targets, F.mse_loss)

    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = nn.Linear(4, 3), nn.Linear(4, 3)

        def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return self.one(inputs), self.other(inputs)

    def loss(outputs: tuple[torch.Tensor, torch.Tensor], targets: torch.Tensor) -> torch.Tensor:
        scale = 1.0 if float(targets.detach().square().sum()) >= 0 else 2.0  # cannot be vectorised
        return scale * F.mse_loss(outputs[0] * outputs[1], targets)

    assert_equal_to_a_loop(Pair(), inputs, targets, loss)


def test_weights_used_in_unexpected_ways() -> None:
    model = Unexpected()
    for parameter in model.frozen.parameters():
        parameter.requires_grad_(True)  # the loop of the test differentiates them
    assert_equal_to_a_loop(model, *images(6, 6))
    model.frozen.requires_grad_(False)
    selections = select(dict(model.named_parameters()), None, 3, 0, ["frozen.weight"])
    found = collected_gradients(model, F.cross_entropy, *images(3, 6), selections)
    assert abs(found["frozen.weight"][0]).max() > 0
    assert not model.frozen.weight.requires_grad


@pytest.mark.parametrize("elements", [1 << 24, 100], ids=["together", "a few at a time"])
def test_one_sample_gradients_are_the_definition(
    elements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differentiation, "ELEMENTS", elements)
    model = nn.Sequential(nn.Linear(4, 9), nn.Tanh(), nn.Linear(9, 3))
    inputs, targets = torch.randn(7, 4), torch.randn(7, 3)

    def branching(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        scale = 1.0 if float(targets.sum()) > 0 else 2.0  # cannot be vectorised
        return scale * F.mse_loss(outputs, targets)

    selections = select(dict(model.named_parameters()), None, 2, 0)
    for loss in (F.mse_loss, branching):
        problem = Problem(model, loss, Kept(model))
        for way in (one_sample_gradients, one_by_one):
            found = way(problem, inputs, targets, selections)
            assert_rows(found, selections, by_definition(model, loss, inputs, targets))


def test_the_summed_losses_are_differentiated() -> None:
    model, inputs, targets = nn.Linear(4, 3), torch.randn(7, 4), torch.randn(7, 3)
    rows = by_definition(model, F.mse_loss, inputs, targets)
    problem = Problem(model, F.mse_loss, Kept(model))
    found = summed_gradient(problem, inputs, targets, ["bias"])
    torch.testing.assert_close(found["bias"], rows["bias"].sum(0))


def test_a_loss_without_a_graph_has_no_gradient() -> None:
    def constant(outputs: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return outputs.detach().mean()

    model = nn.Linear(4, 3)
    data = torch.randn(7, 4), torch.randn(7, 3)
    found = summed_gradient(Problem(model, constant, Kept(model)), *data, ["weight"])
    assert not found["weight"].any()
