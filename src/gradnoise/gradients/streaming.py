"""The gradient of every sample's loss, at chosen coordinates and random directions, of any model.

Layers that torch's own modules compute are done from one pass over a batch (see `captures`); everything
else by differentiating each sample alone. Every chunk is held against plain differentiation (see `proof`), so a
model that uses its weights in unexpected ways is still right, only slower.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients.contractions import Rows
from gradnoise.gradients.selections import Selection
from gradnoise.gradients.store import Rows as Arrays
from gradnoise.gradients.verification.problem import Problem, measuring
from gradnoise.gradients.verification.ways import ProvenGradients
from gradnoise.model.loss import Loss
from gradnoise.model.preservation import preserved
from gradnoise.stage import progress

CHUNK = 128  # samples a pass


def streamed_gradients(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
    chunk_size: int | None = None,
    start: int = 0,
    verify: bool = True,
) -> Iterator[tuple[int, int, dict[str, Arrays]]]:
    """Gradients of every sample's own loss, a chunk of samples at a time.

    The model is used with its train/eval flags as they are. When the iteration ends it, its buffers and the
    global random state are left bit-identical.

    Args:
        model: any module called as `model(inputs)`, on any device.
        loss: `loss(outputs, targets)`, the batch mean; a sample's loss is that of a batch of one.
        inputs: (N, ...), moved to the model's device chunk by chunk.
        targets: (N, ...).
        selections: what to measure, by parameter name.
        chunk_size: samples per pass; default 128.
        start: the first sample.
        verify: prove every chunk.

    Yields:
        First sample, last sample + 1, and for every parameter float32 (rows, C) at the coordinates and
        (rows, D) along the directions.

    Raises:
        InputError: where a gradient is not finite (names samples and parameter), and where a sample's gradient
            does not exist (a `DependentError`).
    """
    device = next(model.parameters()).device
    chunk_size = chunk_size or CHUNK
    if start >= len(inputs):
        return
    with preserved(model) as kept:
        found = ProvenGradients(Problem(model, loss, kept), selections, verify)
        for first in range(start, len(inputs), chunk_size):
            with measuring():
                batch = inputs[first : first + chunk_size].to(device, copy=True)
                labels = targets[first : first + chunk_size].to(device, copy=True)
                rows = found.rows(batch, labels)
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
    verify: bool = True,
) -> dict[str, Arrays]:
    """The same of all samples at once: by parameter float32 (N, C) and (N, D)."""
    found = {
        name: (
            np.empty((len(inputs), selection.coordinates.size), np.float32),
            np.empty((len(inputs), selection.direction_count), np.float32),
        )
        for name, selection in selections.items()
    }
    chunks = streamed_gradients(model, loss, inputs, targets, selections, chunk_size, verify=verify)
    count = -(-len(inputs) // (chunk_size or CHUNK))
    shown = progress(chunks, "per-sample gradients", total=count, leave=False, delay=5)
    for first, last, rows in shown:
        for name, parts in rows.items():
            for array, values in zip(found[name], parts, strict=True):
                array[first:last] = values
    return found


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
