"""Gradients by plain differentiation: slower than capturing them, and right for any model."""

import logging
from collections.abc import Mapping

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from gradnoise.gradients.contractions import ELEMENTS, Rows
from gradnoise.gradients.sample_losses import summed_loss
from gradnoise.gradients.selections import Selection, project_rows
from gradnoise.gradients.verification.problem import Problem, asking, dense, gradient_alone

log = logging.getLogger(__name__)


def summed_gradient(
    problem: Problem, inputs: torch.Tensor, targets: torch.Tensor, names: list[str]
) -> dict[str, torch.Tensor]:
    """Plain gradient of the sum of the samples' losses."""
    named = problem.parameters
    parameters = [named[name] for name in names]
    with asking(parameters):
        total, _ = summed_loss(problem.loss, problem.outputs(inputs), targets)
        if not total.requires_grad:
            return {name: torch.zeros_like(named[name]) for name in names}
        gradients = torch.autograd.grad(total, parameters, materialize_grads=True)
    return dict(zip(names, map(dense, gradients), strict=True))


def one_sample_gradients(
    problem: Problem,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
) -> dict[str, Rows]:
    """Every sample as a batch of one, vectorised by `torch.func`; one after the other where that fails."""
    model, loss = problem.model, problem.loss
    parameters = {
        name: parameter.detach()
        for name, parameter in model.named_parameters()
        if name in selections
    }

    def alone(
        values: dict[str, torch.Tensor], sample: torch.Tensor, target: torch.Tensor
    ) -> torch.Tensor:
        output = torch.func.functional_call(model, values, (sample.unsqueeze(0),))
        return loss(output, target.unsqueeze(0))

    # Models that draw in a pass were refused before (`dependence`); vmap alone would also refuse a draw that
    # changes nothing.
    each = torch.func.vmap(torch.func.grad(alone), in_dims=(None, 0, 0), randomness="different")
    step = max(1, ELEMENTS // sum(selection.size for selection in selections.values()))
    parts: dict[str, list[Rows]] = {name: [] for name in selections}
    for first in range(0, len(inputs), step):
        batch, labels = inputs[first : first + step], targets[first : first + step]
        try:
            # Of attention in one operation vmap would make a loop over the samples.
            with sdpa_kernel(SDPBackend.MATH):
                gradients = each(parameters, problem.fresh(batch), labels)
        except Exception as error:
            log.debug("one sample at a time: %s", error)
            rows = one_by_one(problem, batch, labels, selections)
        else:
            rows = {
                name: project_rows(selection, gradients[name].float().reshape(len(batch), -1))
                for name, selection in selections.items()
            }
        for name in selections:
            parts[name].append(rows[name])
    return {name: _joined(rows) for name, rows in parts.items()}


def one_by_one(
    problem: Problem,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
) -> dict[str, Rows]:
    """Every sample as a batch of one, by plain autograd through the model's own parameters."""
    parts: dict[str, list[Rows]] = {name: [] for name in selections}
    for index in range(len(inputs)):
        alone = gradient_alone(problem, inputs, targets, index, list(selections))
        for name, selection in selections.items():
            flat = dense(alone[name]).float().reshape(1, -1)
            parts[name].append(project_rows(selection, flat))
    return {name: _joined(rows) for name, rows in parts.items()}


def _joined(rows: list[Rows]) -> Rows:
    return torch.cat([part[0] for part in rows]), torch.cat([part[1] for part in rows])
