"""Moments of the per-sample gradient of any model, in two passes over the samples and bounded memory.

The first pass is plain training without the step: it gives the mean. The second differentiates activations
only; from every layer's inputs and errors a kernel forms each sample's gradient in small tiles and adds the powers
of its deviation from the mean. What no layer's call explains is differentiated sample by sample.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import nn

from gradnoise.captures import (
    Call,
    Loss,
    Source,
    capture,
    captured_gradients,
    contraction,
    sources,
)
from gradnoise.central_powers import Moments, PowerSums, Work, run
from gradnoise.contractions import ELEMENTS, Contraction, Rows, row_and_column
from gradnoise.differentiation import alone_gradients, differentiate
from gradnoise.per_sample import per_sample_gradients, sample_dependence, trusted_parameters
from gradnoise.power_kernels import TOGETHER, WIDTH
from gradnoise.selections import Selection, preserved, project, select
from gradnoise.stage import progress
from gradnoise.store import InputError

MICRO_BATCH = 128
Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d

TRIED = 1000  # coordinates of a parameter by which a captured gradient is held against plain differentiation
TRIED_SAMPLES = 32
FEW = WIDTH // 2  # columns below which tiles would be mostly empty


@dataclass(frozen=True, eq=False)
class _Accumulator:
    """Running sums of one parameter.

    `selection` is what is asked for, `measured` what is summed: the same, or all coordinates in order.
    """

    selection: Selection
    measured: Selection
    sums: PowerSums

    @classmethod
    def about(cls, selection: Selection, measured: Selection, mean: torch.Tensor) -> Self:
        """Without samples, about the mean at the measured coordinates, (C,)."""
        whole = len(mean) == selection.size and len(selection.shape) > 1
        rows = selection.shape[0] if whole else 1
        return cls(selection, measured, PowerSums.about(mean.view(rows, -1).numpy()))

    @property
    def whole(self) -> bool:
        """Whether all coordinates are summed."""
        return len(self.measured.coordinates) == self.selection.size

    def moments(self, samples: int) -> Moments:
        """Moments at the selection, (C,)."""
        found = self.sums.moments(samples, torch.get_num_threads())
        flat = [moment.reshape(-1) for moment in found]
        if not np.array_equal(self.selection.coordinates, self.measured.coordinates):
            flat = [moment[self.selection.coordinates] for moment in flat]
        return Moments(*flat)


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
    if chunk_size < 1 or not 0 < len(inputs) == len(targets):
        raise InputError(
            f"found {len(inputs)} inputs, {len(targets)} targets and chunk_size {chunk_size}; "
            "needed: as many targets as inputs, at least one of each, and a positive chunk_size"
        )
    device = next(model.parameters()).device
    first = inputs[:chunk_size].to(device), targets[:chunk_size].to(device)
    dependence = sample_dependence(model, loss, *first)
    if dependence is not None:
        raise InputError(
            f"per-sample gradients do not exist: {dependence}. Use model.eval() where the moments at fixed "
            "statistics and without random draws are wanted; otherwise gradnoise.noise.sample_noise measures "
            "mini-batches"
        )

    def chunks(what: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        starts = range(0, len(inputs), chunk_size)
        for start in progress(starts, what, leave=False, delay=5):
            stop = start + chunk_size
            yield inputs[start:stop].to(device), targets[start:stop].to(device)

    with preserved(model):
        measured = {name: _measured(selection) for name, selection in selections.items()}
        means = _means(model, loss, chunks("mean"), measured, len(inputs))
        wrong = [name for name, mean in means.items() if not bool(mean.isfinite().all())]
        if wrong:
            chosen = {name: measured[name] for name in wrong}
            for _ in per_sample_gradients(model, loss, inputs, targets, chosen, chunk_size):
                pass  # raises where it is one sample's
            raise InputError(f"the sum of the gradients of {wrong[0]} is not finite")
        accumulators = {
            name: _Accumulator.about(selection, measured[name], means[name])
            for name, selection in selections.items()
        }
        parameters = _captured(model, loss, *first, selections)
        threads = torch.get_num_threads()
        with ThreadPoolExecutor(threads) as pool:
            for batch, labels in chunks("central powers"):
                for work in _work(model, loss, batch, labels, accumulators, parameters):
                    run(work, threads, pool)
    return {name: each.moments(len(inputs)) for name, each in accumulators.items()}


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


def _measured(selection: Selection) -> Selection:
    """What is summed: the chosen coordinates, or all of them where most are chosen."""
    few = 2 * len(selection.coordinates) <= selection.size
    coordinates = selection.coordinates if few else np.arange(selection.size)
    return replace(selection, coordinates=coordinates, directions=None)


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


def _work(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    accumulators: Mapping[str, _Accumulator],
    parameters: Mapping[str, Source],
) -> Iterator[list[Work]]:
    """Lists of work, to be done one after the other, that add one chunk of samples.

    One list takes all that needs no buffers: going back and forth between torch's threads and one's own costs
    more than the work of a small layer.
    """
    modules = list(dict.fromkeys(module for module, _ in parameters.values()))
    calls = capture(model, loss, inputs, targets, modules) if modules else {}
    found: dict[nn.Module, Contraction] = {}
    together: list[Work] = []
    apart: dict[str, _Accumulator] = {}
    for name, each in accumulators.items():
        module, attribute = parameters.get(name, (None, ""))
        if module is None or not _usable(calls[module], len(inputs)):
            apart[name] = each
        elif _multiplied(each, module, attribute, calls[module]):
            if module not in found:
                found[module] = contraction(module, calls[module][0])
            together += (_products if attribute == "weight" else _bias)(each, found[module])
        else:
            for part in _parts(len(inputs), each.measured.size):
                rows = _captured_rows(each, (module, attribute), calls[module], part)
                added = each.sums.gradients(rows[0].contiguous().cpu().numpy())
                if part.stop >= len(inputs):
                    together += added
                else:
                    yield added
    yield together
    if apart:
        measured = {name: each.measured for name, each in apart.items()}
        for part in _parts(len(inputs), sum(each.size for each in measured.values())):
            alone = alone_gradients(model, loss, inputs[part], targets[part], measured)
            for name, each in apart.items():
                yield each.sums.gradients(alone[name][0].contiguous().cpu().numpy())


def _usable(calls: Sequence[Call], samples: int) -> bool:
    return bool(calls) and all(call.usable(samples) for call in calls)


def _multiplied(
    each: _Accumulator, module: nn.Module, attribute: str, calls: Sequence[Call]
) -> bool:
    """Whether its gradients need not be formed by torch, and are faster formed without."""
    if len(calls) > 1 or not isinstance(module, nn.Linear | Convolution):
        return False
    grouped = isinstance(module, Convolution) and module.groups > 1
    return attribute == "bias" or not each.whole or (not grouped and each.sums.columns >= FEW)


def _products(each: _Accumulator, found: Contraction) -> list[Work]:
    """Work that adds a weight's samples out of tiles of products."""
    geometry = found.offset, found.base
    if each.whole:
        inputs, error = found.inputs.contiguous(), found.error.contiguous()
        return each.sums.products(inputs.cpu().numpy(), error.cpu().numpy(), *geometry)
    inputs, error = found.inputs.t().contiguous(), found.error.permute(1, 2, 0).contiguous()
    place = row_and_column(found, each.selection)
    return each.sums.chosen(inputs.cpu().numpy(), error.cpu().numpy(), *geometry, *place)


def _bias(each: _Accumulator, found: Contraction) -> list[Work]:
    """Work that adds a bias's samples, which are sums of errors over positions."""
    error = found.error.cpu().numpy()

    def add() -> None:
        gradients = error.sum(axis=2)[:, each.measured.coordinates]
        for work in each.sums.gradients(gradients):
            work()

    return [add]


def _captured_rows(each: _Accumulator, source: Source, calls: Sequence[Call], part: slice) -> Rows:
    """Gradients of some samples of a chunk."""
    module, name = source[0], each.selection.name
    some = [Call(call.inputs[part], call.tap[part], call.error[part]) for call in calls]
    return captured_gradients(
        {module: some}, {name: source}, {name: each.measured}, len(some[0].tap)
    )[name]


def _parts(samples: int, size: int) -> Iterator[slice]:
    """Ranges of samples with at most `ELEMENTS` numbers, `size` to a sample."""
    step = max(1, ELEMENTS // max(1, size) // TOGETHER * TOGETHER)
    for start in range(0, samples, step):
        yield slice(start, start + step)
