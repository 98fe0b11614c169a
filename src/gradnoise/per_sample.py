"""The gradient of every sample's loss, at chosen coordinates and random directions, of any model.

Layers that torch's own modules compute are done from one pass over a batch (see `captures`); everything
else by differentiating each sample alone. The first batch is checked against plain differentiation, so a
model that uses its weights in unexpected ways is still right, only slower.
"""

import logging
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gradnoise.captures import Loss, capture, captured_gradients, sample_losses, sources
from gradnoise.contractions import ELEMENTS, Rows
from gradnoise.selections import Selection, batch_dependence, preserved, project, project_rows
from gradnoise.store import InputError

log = logging.getLogger(__name__)

CHUNK = 64
AGREEMENT = 1e-3  # far above float32 rounding, far below a wrong gradient

Arrays = tuple[NDArray[np.float32], NDArray[np.float32]]


def per_sample_gradients(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
    chunk_size: int | None = None,
) -> Iterator[tuple[int, int, dict[str, Arrays]]]:
    """Gradients of every sample's own loss, a chunk of samples at a time.

    The model is used with its train/eval flags as they are. When the iteration ends it, its buffers and
    the global random state are left bit-identical.

    Args:
        model: any module called as `model(inputs)`, on any device.
        loss: `loss(outputs, targets)`, the batch mean; a sample's loss is that of a batch of one.
        inputs: (N, ...), moved to the model's device chunk by chunk.
        targets: (N, ...).
        selections: what to measure, by parameter name.
        chunk_size: samples per pass; default 64.

    Yields:
        First sample, last sample + 1, and for every parameter float32 (rows, C) at the coordinates and
        (rows, D) along the directions.

    Raises:
        InputError: where a sample's gradient depends on its batch mates or is drawn anew in every pass,
            and where a gradient is not finite (names samples and parameter).
    """
    dependence = batch_dependence(model)
    if dependence is not None:
        raise InputError(f"per-sample gradients do not exist: {dependence}")
    device = next(model.parameters()).device
    chunk_size = chunk_size or CHUNK
    trusted: list[str] | None = None
    with preserved(model):
        for first in range(0, len(inputs), chunk_size):
            batch = inputs[first : first + chunk_size].to(device)
            labels = targets[first : first + chunk_size].to(device)
            if trusted is None:
                trusted = _trusted(model, loss, batch, labels, selections)
            rows = _gradients(model, loss, batch, labels, selections, trusted)
            last = first + len(batch)
            _require_finite(rows, first, last)
            yield (
                first,
                last,
                {
                    name: (chosen.cpu().numpy(), projected.cpu().numpy())
                    for name, (chosen, projected) in rows.items()
                },
            )


def _gradients(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
    trusted: list[str],
) -> dict[str, Rows]:
    """All selections of one chunk, captured where that is trusted, in the order of the selections."""
    parameters = sources(model, trusted)
    modules = list(dict.fromkeys(module for module, _ in parameters.values()))
    rows = {}
    if modules:
        calls = capture(model, loss, inputs, targets, modules)
        rows = captured_gradients(calls, parameters, selections, len(inputs))
    others = {name: each for name, each in selections.items() if name not in rows}
    if others:
        rows |= alone_gradients(model, loss, inputs, targets, others)
    return {name: rows[name] for name in selections}


def alone_gradients(
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
        alone = _differentiate(model, loss, inputs, targets, names, slice(index, index + 1))
        for name in names:
            gradients[name].append(alone[name])
    return {name: torch.stack(each) for name, each in gradients.items()}


def _differentiate(
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


def _trusted(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
) -> list[str]:
    """Parameters whose captured gradients agree with plain differentiation on this chunk.

    A few samples are compared with themselves alone, and all of them by their sum. A sample's own
    gradient that is another inside the batch refuses the model: its samples are not independent. Most of
    the probes must disagree, since one alone may sit on the kink of a rectifier.

    Raises:
        InputError: where samples are not independent.
    """
    names, count = list(selections), len(inputs)
    probes = sorted({0, count // 2, count - 1})
    alone, together = [], []
    for probe in probes:
        single = slice(probe, probe + 1)
        alone.append(_differentiate(model, loss, inputs, targets, names, single))
        together.append(
            _differentiate(model, loss, inputs, targets, names, slice(None), chosen=single)
        )
    for name in names:
        pairs = zip(alone, together, strict=True)
        if 2 * sum(_differs(own[name], inside[name]) for own, inside in pairs) > len(probes):
            raise InputError(
                f"per-sample gradients do not exist: a sample's gradient of {name} alone is not its "
                "gradient inside a batch, so it depends on its batch mates or is drawn anew in every pass"
            )
    captured = _gradients(model, loss, inputs, targets, selections, names)
    total = _differentiate(model, loss, inputs, targets, names, slice(None))
    trusted = []
    for name, selection in selections.items():
        rows = torch.cat(captured[name], dim=1)
        wrong = [
            _differs(torch.cat(project(selection, own[name].float())), rows[probe])
            for own, probe in zip(alone, probes, strict=True)
        ]
        expected = torch.cat(project(selection, total[name].float()))
        error = torch.linalg.vector_norm(rows.double().sum(dim=0) - expected)
        scale = torch.linalg.vector_norm(rows.double().abs().sum(dim=0))
        if 2 * sum(wrong) <= len(probes) and not error > AGREEMENT * scale:
            trusted.append(name)
    if len(trusted) < len(names):
        log.info("slower way for %s", ", ".join(name for name in names if name not in trusted))
    return trusted


def _differs(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two gradients are further apart than rounding; not finite ones are reported elsewhere."""
    largest = torch.maximum(torch.linalg.vector_norm(one), torch.linalg.vector_norm(other))
    return bool(torch.linalg.vector_norm(one - other) > AGREEMENT * largest)


def _require_finite(rows: Mapping[str, Rows], first: int, last: int) -> None:
    for name, parts in rows.items():
        for part in parts:
            # A sum of finite numbers may overflow; only then is the slower look needed.
            if not torch.isfinite(part.sum()) and not torch.isfinite(part).all():
                bad = first + int((~torch.isfinite(part).all(dim=1)).nonzero()[0])
                raise InputError(
                    f"the gradient of {name} is not finite for sample {bad} "
                    f"(samples {first} to {last - 1})"
                )
