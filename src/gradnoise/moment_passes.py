"""Moments of the per-sample gradient of any model, in two passes over the samples and bounded memory.

The first pass is plain training without the step: it gives the mean. The second differentiates activations
only; from every layer's inputs and errors a kernel forms each sample's gradient in small tiles and adds the powers
of its deviation from the mean. What no layer's call explains is differentiated sample by sample.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from gradnoise.captures import (
    CONVOLUTIONS,
    Call,
    Loss,
    Source,
    capture,
    captured_gradients,
    contraction,
    sources,
)
from gradnoise.central_powers import Moments, PowerSums
from gradnoise.contractions import ELEMENTS, Contraction, Rows, row_and_column
from gradnoise.differentiation import alone_gradients, differentiate
from gradnoise.per_sample import per_sample_gradients, sample_dependence, trusted_parameters
from gradnoise.power_kernels import TOGETHER, WIDTH
from gradnoise.selections import Selection, preserved, select
from gradnoise.stage import progress
from gradnoise.store import InputError

MICRO_BATCH = 128
TRIED = 1000  # coordinates of a parameter by which a captured gradient is held against plain differentiation
TRIED_SAMPLES = 32
FEW = WIDTH // 2  # columns below which tiles would be mostly empty


@dataclass(frozen=True, eq=False)
class _Accumulator:
    """Running sums of one parameter: of all its coordinates, or of the chosen ones where these are few."""

    selection: Selection
    measured: Selection  # all coordinates, or those chosen
    sums: PowerSums

    @property
    def whole(self) -> bool:
        return self.measured is not self.selection

    def moments(self, samples: int) -> Moments:
        """Moments at the selection, (C,)."""
        found = self.sums.moments(samples)
        if not self.whole:
            return Moments(*(moment[0] for moment in found))
        return Moments(*(moment.reshape(-1)[self.selection.coordinates] for moment in found))


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
        means = _means(model, loss, chunks("mean"), selections, len(inputs))
        wrong = [name for name, mean in means.items() if not bool(mean.isfinite().all())]
        if wrong:
            chosen = {name: selections[name] for name in wrong}
            for _ in per_sample_gradients(model, loss, inputs, targets, chosen, chunk_size):
                pass  # raises where it is one sample's
            raise InputError(f"the sum of the gradients of {wrong[0]} is not finite")
        accumulators = {
            name: _accumulator(selection, means[name]) for name, selection in selections.items()
        }
        parameters = _captured(model, loss, *first, selections)
        for batch, labels in chunks("central powers"):
            _add(model, loss, batch, labels, accumulators, parameters)
    return {name: each.moments(len(inputs)) for name, each in accumulators.items()}


def _means(
    model: nn.Module,
    loss: Loss,
    chunks: Iterator[tuple[torch.Tensor, torch.Tensor]],
    selections: Mapping[str, Selection],
    samples: int,
) -> dict[str, torch.Tensor]:
    """Mean gradient of whole parameters, float64, on the processor."""
    names = list(selections)
    totals = {
        name: torch.zeros(each.shape, dtype=torch.float64) for name, each in selections.items()
    }
    for batch, labels in chunks:
        gradients = differentiate(model, loss, batch, labels, names, slice(None))
        for name in names:
            totals[name].add_(gradients[name].cpu())
    return {name: total.div_(samples) for name, total in totals.items()}


def _accumulator(selection: Selection, mean: torch.Tensor) -> _Accumulator:
    """About the mean (in the parameter's shape)."""
    flat = mean.reshape(-1).numpy()
    if 2 * len(selection.coordinates) <= selection.size:
        chosen = replace(selection, directions=None)
        return _Accumulator(chosen, chosen, PowerSums.about(flat[None, selection.coordinates]))
    rows = selection.shape[0] if len(selection.shape) > 1 else 1
    whole = replace(selection, coordinates=np.arange(selection.size), directions=None)
    return _Accumulator(selection, whole, PowerSums.about(flat.reshape(rows, -1)))


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


def _add(
    model: nn.Module,
    loss: Loss,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    accumulators: Mapping[str, _Accumulator],
    parameters: Mapping[str, Source],
) -> None:
    """Add one chunk of samples."""
    modules = list(dict.fromkeys(module for module, _ in parameters.values()))
    calls = capture(model, loss, inputs, targets, modules) if modules else {}
    others = {}
    for name, each in accumulators.items():
        module, attribute = parameters.get(name, (None, ""))
        if (
            module is None
            or not calls[module]
            or not all(call.usable(len(inputs)) for call in calls[module])
        ):
            others[name] = each
        elif (
            attribute == "weight"
            and len(calls[module]) == 1
            and isinstance(module, (nn.Linear, *CONVOLUTIONS))
            and _multiplied(each, contraction(module, calls[module][0]))
        ):
            continue
        else:
            _add_captured(each, (module, attribute), calls[module], len(inputs))
    if others:
        measured = {name: each.measured for name, each in others.items()}
        for part in _parts(len(inputs), sum(each.size for each in measured.values())):
            rows = alone_gradients(model, loss, inputs[part], targets[part], measured)
            for name, each in others.items():
                _add_rows(each, rows[name])


def _multiplied(each: _Accumulator, found: Contraction) -> bool:
    """Add a weight's samples out of tiles, where that is the faster way."""
    positions, threads = len(found.base), torch.get_num_threads()
    if not each.whole:
        row, column = row_and_column(found, each.selection)
        each.sums.add_chosen(
            found.inputs.t().contiguous().cpu().numpy(),
            found.error.permute(1, 2, 0).contiguous().cpu().numpy(),
            found.offset,
            found.base,
            row,
            column,
            threads,
        )
        return True
    if found.groups > 1 or each.sums.columns < FEW:
        return False
    inputs, error = found.inputs.cpu().numpy(), found.error.cpu().numpy()
    for part in _parts(len(error), positions * each.sums.columns):
        each.sums.add_products(inputs[part], error[part], found.offset, found.base, threads)
    return True


def _add_captured(each: _Accumulator, source: Source, calls: Sequence[Call], samples: int) -> None:
    """Form the gradients of some samples of the chunk at a time, and add them."""
    module, name = source[0], each.selection.name
    for part in _parts(samples, each.selection.size):
        some = [Call(call.inputs[part], call.tap[part], call.error[part]) for call in calls]
        count = len(some[0].tap)
        rows = captured_gradients({module: some}, {name: source}, {name: each.measured}, count)
        _add_rows(each, rows[name])


def _add_rows(each: _Accumulator, rows: Rows) -> None:
    each.sums.add_gradients(rows[0].contiguous().cpu().numpy(), torch.get_num_threads())


def _parts(samples: int, size: int) -> Iterator[slice]:
    """Ranges of samples with at most `ELEMENTS` numbers, `size` to a sample."""
    step = max(1, ELEMENTS // max(1, size) // TOGETHER * TOGETHER)
    for start in range(0, samples, step):
        yield slice(start, start + step)
