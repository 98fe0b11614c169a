"""Moments of the per-sample gradient of any model, in two passes over the samples and bounded memory.

The first pass is plain training without the step: it gives the mean. The second differentiates activations
only; from every layer's inputs and errors a kernel forms each sample's gradient in small tiles and adds the powers
of its deviation from the mean. What no layer's call explains is differentiated sample by sample.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients.differentiation import summed_gradient
from gradnoise.gradients.selections import Selection, project, select
from gradnoise.gradients.streaming import CHUNK, streamed_gradients
from gradnoise.gradients.verification.problem import Problem, dense, measuring
from gradnoise.gradients.verification.proof import Total, total_gradient
from gradnoise.model.loss import Loss
from gradnoise.model.preservation import preserved
from gradnoise.moments.accumulation import Accumulator, ChunkSums, summed_selection
from gradnoise.moments.central_powers import Moments, run
from gradnoise.stage import progress

TRIED = 8  # largest coordinates of a parameter, and others, by which captured gradients are held against plain ones


def streamed_moments(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
    chunk_size: int | None = None,
    verify: bool = True,
) -> dict[str, Moments]:
    """Moments at the selections' coordinates, each float64 (C,); the model is left bit-identical.

    Args:
        model: any module called as `model(inputs)`, on any device, in the train/eval mode that is measured.
        loss: `loss(outputs, targets)`, the batch mean; a sample's loss is that of a batch of one.
        inputs: (N, ...), moved to the model's device chunk by chunk.
        targets: (N, ...).
        selections: what is measured, by parameter name; directions are ignored.
        chunk_size: samples a pass; default 128.
        verify: prove every chunk, at a few coordinates of every parameter.

    Raises:
        InputError: where a gradient is not finite (names sample and parameter).
    """
    chunk_size = chunk_size or CHUNK
    device = next(model.parameters()).device

    def chunks(what: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        starts = range(0, len(inputs), chunk_size)
        for start in progress(starts, what, leave=False, delay=5):
            stop = start + chunk_size
            # Copies: a model may change what it is given.
            yield (
                inputs[start:stop].to(device, copy=True),
                targets[start:stop].to(device, copy=True),
            )

    summed = {name: summed_selection(selection) for name, selection in selections.items()}
    with preserved(model) as kept, measuring():
        problem = Problem(model, loss, kept)
        means, few, plain = _means(problem, chunks("mean"), summed, verify)
        _require_finite(model, loss, inputs, targets, summed, means, chunk_size)
        accumulators = {
            name: Accumulator.about(selection, summed[name], means[name])
            for name, selection in selections.items()
        }
        found = ChunkSums(problem, accumulators, few or summed, verify)
        threads = torch.get_num_threads()
        with ThreadPoolExecutor(threads) as pool:
            for (batch, labels), total in zip(chunks("central powers"), plain, strict=True):
                for work in found.work(batch, labels, total):
                    run(work, threads, pool)
    return {name: each.moments(len(inputs)) for name, each in accumulators.items()}


def _require_finite(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
    means: Mapping[str, torch.Tensor],
    chunk_size: int,
) -> None:
    wrong = {name: selections[name] for name, mean in means.items() if not mean.isfinite().all()}
    if wrong:
        for _ in streamed_gradients(model, loss, inputs, targets, wrong, chunk_size, verify=False):
            pass  # raises where it is one sample's
        raise InputError(f"the sum of the gradients of {min(wrong)} is not finite")


def _means(
    problem: Problem,
    chunks: Iterator[tuple[torch.Tensor, torch.Tensor]],
    selections: Mapping[str, Selection],
    verify: bool,
) -> tuple[dict[str, torch.Tensor], dict[str, Selection], list[Total | None]]:
    """Mean gradient at the selections, float64 (C,), on the processor; a few coordinates, every chunk's gradient there."""
    names, samples = list(selections), 0
    sums = {
        name: torch.zeros(len(each.coordinates), dtype=torch.float64)
        for name, each in selections.items()
    }
    few: dict[str, Selection] = {}
    plain: list[Total | None] = []
    for batch, labels in chunks:
        if verify:
            weights = torch.ones(len(labels), device=labels.device)
            total = total_gradient(problem, batch, labels, names, weights)
            gradients = {name: dense(each) for name, each in total.gradients.items()}
            few = few or _few(gradients)
            plain.append(total.at(few))
        else:
            gradients = summed_gradient(problem, batch, labels, names)
            plain.append(None)
        for name, selection in selections.items():
            sums[name].add_(project(selection, gradients[name])[0].cpu())
        samples += len(labels)
    return {name: total.div_(samples) for name, total in sums.items()}, few, plain


def _few(gradients: Mapping[str, torch.Tensor]) -> dict[str, Selection]:
    """Coordinates at which a parameter's captured gradients are proven: its largest in one chunk, and others drawn."""
    drawn = select(gradients, TRIED, 0, 0)
    for name, each in gradients.items():
        # Most of a table of words, or of a layer of dead units, has no gradient that could be wrong.
        largest = each.abs().flatten().topk(min(TRIED, each.numel())).indices.cpu().numpy()
        both = np.union1d(largest, drawn[name].coordinates)
        drawn[name] = replace(drawn[name], coordinates=both)
    return drawn
