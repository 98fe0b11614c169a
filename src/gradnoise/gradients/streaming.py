"""The gradient of every sample's loss, at chosen coordinates and random directions, of any model.

Layers that torch's own modules compute are done from one pass over a batch (see `captures`); everything
else by differentiating each sample alone. The first batch is checked against plain differentiation, so a
model that uses its weights in unexpected ways is still right, only slower.
"""

import logging
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients.captures import capturable, capture, captured_gradients
from gradnoise.gradients.contractions import Rows
from gradnoise.gradients.dependence import AGREEMENT, differs, probes
from gradnoise.gradients.differentiation import differentiate, one_sample_gradients
from gradnoise.gradients.selections import Selection, project
from gradnoise.gradients.store import Rows as Arrays
from gradnoise.model.loss import Loss
from gradnoise.model.preservation import preserved

log = logging.getLogger(__name__)

CHUNK = 128  # samples a pass


def streamed_gradients(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
    chunk_size: int | None = None,
    start: int = 0,
) -> Iterator[tuple[int, int, dict[str, Arrays]]]:
    """Gradients of every sample's own loss, a chunk of samples at a time.

    That these exist is for the caller to know, from `dependence.sample_dependence`. The model is used with
    its train/eval flags as they are. When the iteration ends it, its buffers and the global random state
    are left bit-identical.

    Args:
        model: any module called as `model(inputs)`, on any device.
        loss: `loss(outputs, targets)`, the batch mean; a sample's loss is that of a batch of one.
        inputs: (N, ...), moved to the model's device chunk by chunk.
        targets: (N, ...).
        selections: what to measure, by parameter name.
        chunk_size: samples per pass; default 128.
        start: the first sample.

    Yields:
        First sample, last sample + 1, and for every parameter float32 (rows, C) at the coordinates and
        (rows, D) along the directions.

    Raises:
        InputError: where a gradient is not finite (names samples and parameter).
    """
    device = next(model.parameters()).device
    chunk_size = chunk_size or CHUNK
    if start >= len(inputs):
        return
    batch, labels = (part[start : start + chunk_size].to(device) for part in (inputs, targets))
    with preserved(model):
        trusted = trusted_parameters(model, loss, batch, labels, selections)
        for first in range(start, len(inputs), chunk_size):
            batch = inputs[first : first + chunk_size].to(device)
            labels = targets[first : first + chunk_size].to(device)
            rows = _gradients(model, loss, batch, labels, selections, trusted)
            last = first + len(batch)
            _require_finite(rows, first, last)
            yield first, last, {name: _arrays(parts) for name, parts in rows.items()}


def collected_gradients(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
    chunk_size: int | None = None,
) -> dict[str, Arrays]:
    """The same of all samples at once: by parameter float32 (N, C) and (N, D)."""
    found = {
        name: (
            np.empty((len(inputs), selection.coordinates.size), np.float32),
            np.empty((len(inputs), selection.direction_count), np.float32),
        )
        for name, selection in selections.items()
    }
    chunks = streamed_gradients(model, loss, inputs, targets, selections, chunk_size)
    for first, last, rows in chunks:
        for name, parts in rows.items():
            for array, values in zip(found[name], parts, strict=True):
                array[first:last] = values
    return found


def _gradients(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
    trusted: list[str],
) -> dict[str, Rows]:
    """All selections of one chunk, captured where that is trusted, in the order of the selections."""
    parameters = capturable(model, trusted)
    modules = list(dict.fromkeys(module for module, _ in parameters.values()))
    rows = {}
    if modules:
        calls = capture(model, loss, inputs, targets, modules)
        rows = captured_gradients(calls, parameters, selections, len(inputs))
    others = {name: each for name, each in selections.items() if name not in rows}
    if others:
        rows |= one_sample_gradients(model, loss, inputs, targets, others)
    return {name: rows[name] for name in selections}


def trusted_parameters(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
) -> list[str]:
    """Parameters whose captured gradients agree with plain differentiation on this chunk.

    A few samples are compared with themselves alone, and all of them by their sum.
    """
    names, singles = list(selections), probes(len(inputs))
    captured = _gradients(model, loss, inputs, targets, selections, names)
    rows = {name: torch.cat(parts, dim=1).cpu().double() for name, parts in captured.items()}
    wrong = dict.fromkeys(names, 0)
    for single in singles:
        alone = differentiate(model, loss, inputs, targets, names, single)
        for name, selection in selections.items():
            expected = torch.cat(project(selection, alone[name].float())).cpu()
            wrong[name] += differs(expected, rows[name][single][0])
    total = differentiate(model, loss, inputs, targets, names, slice(None))
    trusted = []
    for name, selection in selections.items():
        expected = torch.cat(project(selection, total[name].float())).cpu()
        error = torch.linalg.vector_norm(rows[name].sum(dim=0) - expected)
        # Of the absolute values: the sum itself may cancel to nothing but rounding.
        scale = torch.linalg.vector_norm(rows[name].abs().sum(dim=0))
        # Most of the single samples: one may sit on the kink of a rectifier, where rounding decides.
        if 2 * wrong[name] <= len(singles) and not error > AGREEMENT * scale:
            trusted.append(name)
    if len(trusted) < len(names):
        log.info("slower way for %s", ", ".join(name for name in names if name not in trusted))
    return trusted


def _arrays(parts: Rows) -> Arrays:
    chosen, projected = parts
    return chosen.cpu().numpy(), projected.cpu().numpy()


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
