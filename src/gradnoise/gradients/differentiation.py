"""Gradients by plain differentiation: slower than capturing them, and right for any model."""

import logging
from collections.abc import Mapping

import torch
from torch import nn

from gradnoise.gradients.captures import sample_losses
from gradnoise.gradients.contractions import ELEMENTS, Rows
from gradnoise.gradients.selections import Selection, project_rows
from gradnoise.model.loss import Loss

log = logging.getLogger(__name__)


def differentiate(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    names: list[str],
    batch: slice,
    chosen: slice = slice(None),
) -> dict[str, torch.Tensor]:
    """Plain gradient of the summed losses of the samples `chosen` within `batch`."""
    named = dict(model.named_parameters())
    parameters = [named[name] for name in names]
    required = [parameter.requires_grad for parameter in parameters]
    try:
        for parameter in parameters:
            parameter.requires_grad_(True)
        with torch.enable_grad():
            losses = sample_losses(loss, model(inputs[batch]), targets[batch])
            total = losses[chosen].sum()
            if not total.requires_grad:
                return {name: torch.zeros_like(named[name]) for name in names}
            gradients = torch.autograd.grad(total, parameters, materialize_grads=True)
    finally:
        for parameter, require in zip(parameters, required, strict=True):
            parameter.requires_grad_(require)
    return dict(zip(names, gradients, strict=True))


def one_sample_gradients(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
) -> dict[str, Rows]:
    """Every sample as a batch of one, vectorised by `torch.func`; one after the other where that fails."""
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

    each = torch.func.vmap(torch.func.grad(alone), in_dims=(None, 0, 0), randomness="different")
    step = max(1, ELEMENTS // sum(selection.size for selection in selections.values()))
    parts: dict[str, list[Rows]] = {name: [] for name in selections}
    for first in range(0, len(inputs), step):
        batch, labels = inputs[first : first + step], targets[first : first + step]
        try:
            gradients = each(parameters, batch, labels)
        except (RuntimeError, ValueError) as error:  # an operation that torch.func cannot vectorise
            log.debug("one sample at a time: %s", error)
            gradients = _one_by_one(model, loss, batch, labels, list(selections))
        for name, selection in selections.items():
            flat = gradients[name].float().flatten(start_dim=1)
            parts[name].append(project_rows(selection, flat.view(len(batch), -1)))
    return {
        name: (torch.cat([part[0] for part in rows]), torch.cat([part[1] for part in rows]))
        for name, rows in parts.items()
    }


def _one_by_one(
    model: nn.Module, loss: Loss, inputs: torch.Tensor, targets: torch.Tensor, names: list[str]
) -> dict[str, torch.Tensor]:
    gradients: dict[str, list[torch.Tensor]] = {name: [] for name in names}
    for index in range(len(inputs)):
        alone = differentiate(model, loss, inputs, targets, names, slice(index, index + 1))
        for name in names:
            gradients[name].append(alone[name])
    return {name: torch.stack(each) for name, each in gradients.items()}
