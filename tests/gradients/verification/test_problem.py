"""A model and its loss, differentiated plainly and left as they were."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_models import InPlace, Tokens
from gradnoise.gradients.verification.problem import (
    Problem,
    asking,
    dense,
    gradient_alone,
    measuring,
)
from gradnoise.model.preservation import Kept


class Counting(nn.Linear):
    """Changes a buffer, a plain tensor and a number in every pass."""

    def __init__(self) -> None:
        super().__init__(3, 2)
        self.passes, self.total = 0, torch.zeros(1)
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        self.total += 1
        self.mean = self.mean + x.detach().mean(0)
        return super().forward(x - self.mean) * self.passes


def test_every_pass_begins_from_the_same_state() -> None:
    model, x = Counting(), torch.randn(4, 3)
    problem = Problem(model, F.mse_loss, Kept(model))
    first, second = problem.outputs(x), problem.outputs(x)
    assert torch.equal(first, second)
    assert model.passes == 1


def test_inputs_are_copies() -> None:
    model, x = InPlace(), torch.randn(4, 6)
    before = x.clone()
    Problem(model, F.mse_loss, Kept(model)).outputs(x)
    assert torch.equal(x, before)


def test_the_gradient_of_one_sample_is_that_of_a_batch_of_one() -> None:
    model, x, y = nn.Linear(3, 2), torch.randn(4, 3), torch.randn(4, 2)
    problem = Problem(model, F.mse_loss, Kept(model))
    found = gradient_alone(problem, x, y, 2, ["bias"])["bias"]
    torch.testing.assert_close(found, model(x[2]).detach() - y[2])


def test_parameters_ask_for_gradients_meanwhile_only() -> None:
    model = nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    with torch.no_grad(), asking(list(model.parameters())):
        assert model.bias.requires_grad
        assert torch.is_grad_enabled()
    assert not model.bias.requires_grad
    assert model.weight.requires_grad


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_measuring_undoes_what_it_is_called_under(context: type) -> None:
    with context(), torch.autocast("cpu", dtype=torch.bfloat16), measuring():
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
        assert nn.Linear(3, 2)(torch.ones(1, 3)).dtype is torch.float32


def test_a_sparse_gradient_is_made_dense() -> None:
    model = Tokens(sparse=True)
    (found,) = torch.autograd.grad(model(torch.tensor([[1, 2]])).sum(), [model.embed.weight])
    assert found.is_sparse
    assert dense(found).shape == (20, 6)
