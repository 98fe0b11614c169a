"""Gradients chunk by chunk: what is trusted, where it starts, what is refused."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_gradients import assert_equal_to_a_loop
from example_networks import Unexpected, classifier, images
from gradnoise.errors import InputError
from gradnoise.gradients.selections import select
from gradnoise.gradients.streaming import (
    collected_gradients,
    streamed_gradients,
)
from gradnoise.gradients.verification.problem import Problem
from gradnoise.gradients.verification.ways import ProvenGradients, Way
from gradnoise.model.preservation import Kept


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_a_leading_axis_that_only_looks_like_the_samples() -> None:
    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 40), nn.Linear(40, 5)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.second(self.first(tokens.transpose(0, 1)).transpose(0, 1).mean(1))

    assert_equal_to_a_loop(Turned(), torch.randn(8, 4, 3), torch.randint(0, 5, (8,)))


def test_weights_that_act_past_their_module_are_not_trusted() -> None:
    model = Unexpected()
    names = ["convolution.weight", "both.weight"]
    selections = select(dict(model.named_parameters()), 30, 4, 0, names)
    found = ProvenGradients(Problem(model, F.cross_entropy, Kept(model)), selections)
    found.rows(*images(6, 6))
    assert found.ways == {"convolution.weight": Way.CAPTURED, "both.weight": Way.VECTORISED}


def test_gradients_that_are_not_finite_name_sample_and_parameter() -> None:
    model, inputs = nn.Linear(4, 5), torch.randn(20, 4)
    inputs[13, 2] = torch.inf
    selections = select(dict(model.named_parameters()), None, 3, 0, ["weight"])
    data = inputs, torch.zeros(20, dtype=torch.long)
    with pytest.raises(InputError, match=r"weight is not finite for sample 13 \(samples 8 to 15\)"):
        collected_gradients(model, F.cross_entropy, *data, selections, 8)


def test_the_model_is_left_as_it_was_and_a_start_gives_the_same_rows() -> None:
    model, (inputs, targets) = classifier(nn.Conv2d(3, 4, 3)), images(10)
    model(inputs)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random_state = torch.get_rng_state()
    selections = select(dict(model.named_parameters()), 20, 5, 0)
    data = model, F.cross_entropy, inputs, targets, selections
    whole = collected_gradients(*data, 5)
    ((first, last, rest),) = streamed_gradients(*data, 5, start=5)
    assert (first, last) == (5, 10)
    for name, both in rest.items():
        for part, complete in zip(both, whole[name], strict=True):
            np.testing.assert_array_equal(part, complete[5:])
    assert list(streamed_gradients(*data, 5, start=10)) == []
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not model[0]._forward_hooks
