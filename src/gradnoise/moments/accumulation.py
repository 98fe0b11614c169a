"""How a chunk of samples enters the power sums of every parameter: out of tiles of products, out of rows.

A weight's gradients are formed by kernels from its layer's inputs and errors; those of small, grouped or
reused layers by torch, a few samples at a time; those that no call explains by differentiating each sample.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import nn

from gradnoise.gradients.captures.calls import Call, of_parameter
from gradnoise.gradients.captures.kinds import Owner
from gradnoise.gradients.captures.rows import captured_gradients, contraction, multiplied
from gradnoise.gradients.contractions import ELEMENTS, Contraction, Rows, row_and_column
from gradnoise.gradients.selections import Selection
from gradnoise.gradients.verification.problem import Problem
from gradnoise.gradients.verification.proof import Total
from gradnoise.gradients.verification.ways import ProvenGradients, Way
from gradnoise.moments.central_powers import Moments, PowerSums, Work
from gradnoise.moments.kernels import TOGETHER, WIDTH

Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d

FEW = WIDTH // 2  # columns below which tiles would be mostly empty


def summed_selection(selection: Selection) -> Selection:
    """What is summed: the chosen coordinates, or all of them where most are chosen."""
    few = 2 * len(selection.coordinates) <= selection.size
    coordinates = selection.coordinates if few else np.arange(selection.size)
    return replace(selection, coordinates=coordinates, directions=None)


@dataclass(frozen=True, eq=False)
class Accumulator:
    """Running sums of one parameter.

    `selection` is what is asked for, `summed` what is summed: the same, or all coordinates in order.
    """

    selection: Selection
    summed: Selection
    sums: PowerSums

    @classmethod
    def about(cls, selection: Selection, summed: Selection, mean: torch.Tensor) -> Self:
        """Without samples, about the mean at the summed coordinates, (C,)."""
        whole = len(mean) == selection.size and len(selection.shape) > 1
        rows = selection.shape[0] if whole else 1
        return cls(selection, summed, PowerSums.about(mean.view(rows, -1).numpy()))

    @property
    def whole(self) -> bool:
        """Whether all coordinates are summed."""
        return len(self.summed.coordinates) == self.selection.size

    def moments(self, samples: int) -> Moments:
        """Moments at the selection, (C,)."""
        found = self.sums.moments(samples, torch.get_num_threads())
        flat = [moment.reshape(-1) for moment in found]
        if not np.array_equal(self.selection.coordinates, self.summed.coordinates):
            flat = [moment[self.selection.coordinates] for moment in flat]
        return Moments(*flat)


class ChunkSums:
    """How chunk after chunk of samples enters the power sums."""

    def __init__(
        self,
        problem: Problem,
        accumulators: Mapping[str, Accumulator],
        few: Mapping[str, Selection],
        verify: bool = True,
    ) -> None:
        self.problem, self.accumulators, self.verify = problem, accumulators, verify
        self.proven = ProvenGradients(problem, few, verify)
        # Of parameters that are differentiated sample by sample, and proven at all their coordinates.
        self.slow: dict[str, ProvenGradients] = {}

    def work(
        self, inputs: torch.Tensor, targets: torch.Tensor, plain: Total | None
    ) -> Iterator[list[Work]]:
        """Lists of work, to be done one after the other, that add one chunk of samples.

        One list takes all that needs no buffers: going back and forth between torch's threads and one's own costs
        more than the work of a small layer.

        Args:
            inputs, targets: the chunk.
            plain: what plain autograd said of it, at the few coordinates; None for no proof.

        Raises:
            DependentError: where a sample's gradient does not exist.
        """
        calls, parameters = self.proven.proven_calls(inputs, targets, plain)
        found: dict[Owner, Contraction] = {}
        together: list[Work] = []
        for name, owner in parameters.items():
            each, mine = self.accumulators[name], of_parameter(calls, owner)
            (module, attribute), bias = owner, _is_bias(owner)
            if _multiplied(each, owner, len(mine)):
                # A layer's weight and bias share the contraction of its one call.
                layer = module, attribute.removesuffix("bias" if bias else "weight")
                if layer not in found:
                    found[layer] = contraction(module, mine[0])
                together += (_bias if bias else _products)(each, found[layer])
                continue
            for part in _parts(len(inputs), each.summed.size):
                rows, _ = _captured_rows(each, owner, calls[module], part)
                added = each.sums.gradients(rows.contiguous().cpu().numpy())
                # Only a layer's last part waits for the other layers; the buffers of the others are dropped.
                if part.stop >= len(inputs):
                    together += added
                else:
                    yield added
        yield together
        apart = tuple(name for name in self.accumulators if name not in parameters)
        if apart:
            yield from self._one_sample_work(apart, inputs, targets)

    def _one_sample_work(
        self, names: tuple[str, ...], inputs: torch.Tensor, targets: torch.Tensor
    ) -> Iterator[list[Work]]:
        """Work on gradients that are differentiated sample by sample, a few samples at a time."""
        summed = {name: self.accumulators[name].summed for name in names}
        key = " ".join(names)
        if key not in self.slow:
            self.slow[key] = ProvenGradients(self.problem, summed, self.verify, Way.VECTORISED)
        for part in _parts(len(inputs), sum(each.size for each in summed.values())):
            rows = self.slow[key].rows(inputs[part], targets[part])
            for name in names:
                added = rows[name][0].contiguous().cpu().numpy()
                yield self.accumulators[name].sums.gradients(added)


def _is_bias(owner: Owner) -> bool:
    return owner[1].endswith("bias")


def _multiplied(each: Accumulator, owner: Owner, calls: int) -> bool:
    """Whether its gradients need not be formed by torch, and are faster formed without."""
    if calls > 1 or not multiplied(owner):
        return False
    grouped = isinstance(owner[0], Convolution) and owner[0].groups > 1
    return _is_bias(owner) or not each.whole or (not grouped and each.sums.columns >= FEW)


def _products(each: Accumulator, found: Contraction) -> list[Work]:
    """Work that adds a weight's samples out of tiles of products."""
    geometry = found.offset, found.base
    if each.whole:
        inputs, error = found.inputs.contiguous(), found.error.contiguous()
        return each.sums.products(inputs.cpu().numpy(), error.cpu().numpy(), *geometry)
    inputs, error = found.inputs.t().contiguous(), found.error.permute(1, 2, 0).contiguous()
    place = row_and_column(found, each.selection)
    return each.sums.chosen(inputs.cpu().numpy(), error.cpu().numpy(), *geometry, *place)


def _bias(each: Accumulator, found: Contraction) -> list[Work]:
    """Work that adds a bias's samples, which are sums of errors over positions."""
    error = found.error.cpu().numpy()

    def add() -> None:
        gradients = error.sum(axis=2)[:, each.summed.coordinates]
        for work in each.sums.gradients(gradients):
            work()

    return [add]


def _captured_rows(each: Accumulator, owner: Owner, calls: Sequence[Call], part: slice) -> Rows:
    """Gradients of some samples of a chunk."""
    module, name = owner[0], each.selection.name
    some = [call.samples(part) for call in calls]
    found = captured_gradients(
        {module: some}, {name: owner}, {name: each.summed}, len(some[0].error)
    )
    return found[name]


def _parts(samples: int, size: int) -> Iterator[slice]:
    """Ranges of samples with at most `ELEMENTS` numbers, `size` to a sample."""
    step = max(1, ELEMENTS // max(1, size) // TOGETHER * TOGETHER)
    for start in range(0, samples, step):
        yield slice(start, start + step)
