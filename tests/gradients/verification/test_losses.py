"""Is the batch's loss the mean of its samples', just inside and just outside of rounding."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients.verification.losses import (
    AGREEMENT,
    ALONE,
    ROUNDING,
    glimpse,
    require_alone,
    require_divisible,
    require_mean,
    same_outputs,
)
from gradnoise.gradients.verification.problem import DependentError, Problem
from gradnoise.model.preservation import Kept

LOSSES = torch.tensor([1.0, 2.0, 3.0])


@pytest.mark.parametrize("factor", [1 - 0.9 * AGREEMENT, 1 + 0.9 * AGREEMENT])
def test_a_mean_to_rounding_is_accepted(factor: float) -> None:
    require_mean(lambda *_: torch.tensor(2.0 * factor), LOSSES, LOSSES, LOSSES)


@pytest.mark.parametrize("factor", [1 - 1.1 * AGREEMENT, 1 + 1.1 * AGREEMENT, 3.0])
def test_another_value_is_refused_with_both(factor: float) -> None:
    with pytest.raises(DependentError, match=r"the loss of a batch is .* samples' losses 2, so"):
        require_mean(lambda *_: torch.tensor(2.0 * factor), LOSSES, LOSSES, LOSSES)


def test_a_sample_without_a_loss_of_its_own_is_refused_and_an_infinite_batch_is_not() -> None:
    padded = torch.tensor([1.0, torch.nan])
    with pytest.raises(DependentError, match="losses nan"):
        require_mean(lambda *_: torch.tensor(1.0), padded, padded, padded)
    require_mean(lambda *_: torch.tensor(torch.inf), padded, padded, padded)


def test_a_loss_per_sample_is_refused_with_its_shape() -> None:
    with pytest.raises(InputError, match=r"shape \(3,\); needed: one number"):
        require_mean(lambda outputs, _: outputs, LOSSES, LOSSES, LOSSES)


@pytest.mark.parametrize(("off", "wrong"), [(0.9 * ALONE, False), (1.1 * ALONE, True)])
def test_a_sample_alone_must_have_its_loss_in_the_batch(off: float, wrong: bool) -> None:
    model = nn.Identity()
    problem = Problem(model, lambda outputs, _: outputs.mean(), Kept(model))
    values = torch.ones(4, 1)
    losses = torch.ones(4)
    losses[2] += off
    require_alone(problem, values, values, losses, 1)
    if not wrong:
        require_alone(problem, values, values, losses, 2)
        return
    with pytest.raises(DependentError, match=r"loss alone is 1, inside a batch 1\.00"):
        require_alone(problem, values, values, losses, 2)


def test_a_batch_that_may_be_divided_passes_both() -> None:
    model = nn.Linear(3, 2)
    problem = Problem(model, F.mse_loss, Kept(model))
    inputs, targets = torch.randn(5, 3), torch.randn(5, 2)
    require_divisible(problem, inputs, targets, model(inputs), 4)
    with pytest.raises(DependentError):
        require_divisible(
            Problem(model, lambda o, t: F.mse_loss(o, t) * len(t), Kept(model)),
            *(inputs, targets, model(inputs), 4),
        )


@pytest.mark.parametrize(("off", "same"), [(0.9 * ROUNDING, True), (1.1 * ROUNDING, False)])
def test_outputs_are_the_same_but_for_rounding(off: float, same: bool) -> None:
    one = {"a": torch.ones(8, dtype=torch.float64), "b": None}
    other = {"a": torch.ones(8, dtype=torch.float64) * (1 + off), "b": None}
    assert same_outputs(one, other) is same
    assert not same_outputs(torch.ones(2), torch.ones(3))


def test_a_glimpse_shows_a_few_outputs_of_every_sample() -> None:
    outputs = (torch.arange(600.0).view(3, 10, 20), None, torch.tensor(7.0))
    some, nothing, scalar = glimpse(outputs)
    assert some.shape == (3, 16)
    assert some[2, 1] == outputs[0][2].flatten()[13]
    assert nothing is None
    assert scalar == 7
    changed = outputs[0].clone()
    changed[1] = torch.randn(10, 20)
    assert not same_outputs(glimpse((changed, *outputs[1:])), (some, nothing, scalar))
