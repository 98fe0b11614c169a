"""Moments of the per-sample gradient of any model, in two passes over the samples and bounded memory.

The first pass is plain training without the step: it gives the mean. The second differentiates activations
only; from every layer's inputs and errors a kernel forms each sample's gradient in small tiles and adds the powers
of its deviation from the mean. What no layer's call explains is differentiated sample by sample.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients.captures import Loss, Source, sources
from gradnoise.gradients.dependence import sample_dependence
from gradnoise.gradients.differentiation import differentiate
from gradnoise.gradients.per_sample import per_sample_gradients, trusted_parameters
from gradnoise.gradients.selections import Selection, project, select
from gradnoise.model.preservation import preserved
from gradnoise.moments.accumulation import Accumulator, chunk_work, measured
from gradnoise.moments.central_powers import Moments, run
from gradnoise.stage import progress

MICRO_BATCH = 128


TRIED = 1000  # coordinates of a parameter by which a captured gradient is held against plain differentiation


TRIED_SAMPLES = 32


def streamed_moments(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
    chunk_size: int | None = None,
) -> dict[str, Moments]:
    """Moments at the selections' coordinates, each float64 (C,); the model is left bit-identical.

    Args:
        model: any module called as `model(inputs)`, on any device, in the train/eval mode that is measured.
        loss: `loss(outputs, targets)`, the batch mean; a sample's loss is that of a batch of one.
        inputs: (N, ...), moved to the model's device chunk by chunk.
        targets: (N, ...).
        selections: what is measured, by parameter name; directions are ignored.
        chunk_size: samples a pass; default 128.

    Raises:
        InputError: where per-sample gradients do not exist, or one is not finite (names sample and parameter).
    """
    chunk_size = chunk_size or MICRO_BATCH
    device = next(model.parameters()).device
    first = inputs[:chunk_size].to(device), targets[:chunk_size].to(device)
    _check(model, loss, inputs, targets, chunk_size)

    def chunks(what: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        starts = range(0, len(inputs), chunk_size)
        for start in progress(starts, what, leave=False, delay=5):
            stop = start + chunk_size
            yield inputs[start:stop].to(device), targets[start:stop].to(device)

    with preserved(model):
        summed = {name: measured(selection) for name, selection in selections.items()}
        means = _means(model, loss, chunks("mean"), summed, len(inputs))
        wrong = {name: summed[name] for name, mean in means.items() if not mean.isfinite().all()}
        if wrong:
            for _ in per_sample_gradients(model, loss, inputs, targets, wrong, chunk_size):
                pass  # raises where it is one sample's
            raise InputError(f"the sum of the gradients of {min(wrong)} is not finite")
        accumulators = {
            name: Accumulator.about(selection, summed[name], means[name])
            for name, selection in selections.items()
        }
        parameters = _captured(model, loss, *first, selections)
        threads = torch.get_num_threads()
        with ThreadPoolExecutor(threads) as pool:
            for batch, labels in chunks("central powers"):
                for work in chunk_work(model, loss, batch, labels, accumulators, parameters):
                    run(work, threads, pool)
    return {name: each.moments(len(inputs)) for name, each in accumulators.items()}


def _check(
    model: nn.Module, loss: Loss, inputs: torch.Tensor, targets: torch.Tensor, chunk_size: int
) -> None:
    if chunk_size < 1 or not 0 < len(inputs) == len(targets):
        raise InputError(
            f"found {len(inputs)} inputs, {len(targets)} targets and chunk_size {chunk_size}; "
            "needed: as many targets as inputs, at least one of each, and a positive chunk_size"
        )
    dependence = sample_dependence(model, loss, inputs[:chunk_size], targets[:chunk_size])
    if dependence is not None:
        raise InputError(
            f"per-sample gradients do not exist: {dependence}. Use model.eval() where the moments at fixed "
            "statistics and without random draws are wanted; otherwise gradnoise.noise.sampling.sample_noise measures "
            "mini-batches"
        )


def _means(
    model: nn.Module,
    loss: Loss,
    chunks: Iterator[tuple[torch.Tensor, torch.Tensor]],
    selections: Mapping[str, Selection],
    samples: int,
) -> dict[str, torch.Tensor]:
    """Mean gradient at the selections, float64 (C,), on the processor."""
    names = list(selections)
    totals = {
        name: torch.zeros(len(each.coordinates), dtype=torch.float64)
        for name, each in selections.items()
    }
    for batch, labels in chunks:
        gradients = differentiate(model, loss, batch, labels, names, slice(None))
        for name, selection in selections.items():
            totals[name].add_(project(selection, gradients[name])[0].cpu())
    return {name: total.div_(samples) for name, total in totals.items()}


def _captured(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    selections: Mapping[str, Selection],
) -> dict[str, Source]:
    """Module and attribute of the parameters whose captured gradients are right, by a few coordinates."""
    few = select(dict(model.named_parameters()), TRIED, 0, 0, list(selections))
    tried = slice(0, TRIED_SAMPLES)
    return sources(model, trusted_parameters(model, loss, inputs[tried], targets[tried], few))
