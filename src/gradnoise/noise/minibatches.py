"""Mini-batch noise by computing mini-batch gradients, all batch sizes in one pass where that is valid.

Where a sample's gradient does not depend on its batch mates, the stream of draws is cut into pieces whose
weighted means give every batch size (see `gradnoise.draws.pieces`). Otherwise (BatchNorm in train mode, dropout)
every batch goes through the model as a whole, and every size has a pass of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradnoise import stage
from gradnoise.draws.batches import Draws
from gradnoise.draws.pieces import Pieces, cut
from gradnoise.draws.streams import Stream, torch_seed
from gradnoise.errors import InputError
from gradnoise.gradients.parameters import StoredParameter, count_values
from gradnoise.gradients.selections import Selection, project, stored_parameters
from gradnoise.gradients.verification.losses import require_divisible
from gradnoise.gradients.verification.problem import Problem, asking, dense, measuring
from gradnoise.model.loss import Loss
from gradnoise.model.preservation import Kept
from gradnoise.noise.augmentation import at_positions
from gradnoise.noise.batch_means import (
    Row,
    added,
    batch_means,
    batches_of_pieces,
    left_out,
    require_finite,
)

MICRO_BATCH = 128  # samples a forward and backward pass

Block = tuple[int, int, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class GradientSampler:
    """A model and data at which mini-batch gradients are computed.

    A gradient here is one float64 vector of T values: for every selection in order its C coordinates, then
    its D directions.

    Attributes:
        model: on its device, in the train/eval mode that is wanted, its selected parameters requiring
            gradients.
        loss: `loss(outputs, targets)`, the batch mean.
        inputs, targets: the N samples.
        selections: what is measured, by parameter name.
        draws: which samples make which batch.
        augment: re-draw crop and flip at every position of the stream.
        undivided: every batch goes through the model in one pass.
        micro_batch: samples a pass, unless `undivided`.

    Raises:
        InputError: where `augment` is asked for and the inputs are not images.
    """

    model: nn.Module
    loss: Loss
    inputs: Tensor
    targets: Tensor
    selections: Mapping[str, Selection]
    draws: Draws
    augment: bool = False
    undivided: bool = False
    micro_batch: int = MICRO_BATCH

    def __post_init__(self) -> None:
        if self.augment and self.inputs.ndim != 4:
            raise InputError(
                f"augment: found inputs of shape {tuple(self.inputs.shape)}; images are needed, "
                "(samples, channels, height, width)"
            )

    @property
    def size_dependent(self) -> bool:
        """Whether the expected gradient depends on the batch size, or is known only by drawing."""
        return self.augment or self.undivided

    @cached_property
    def parameters(self) -> dict[str, StoredParameter]:
        """What a store holds of every selected parameter."""
        return stored_parameters(self.model, self.selections)

    @property
    def width(self) -> int:
        """Number of values in a gradient, T."""
        return count_values(self.parameters)

    @property
    def columns(self) -> dict[str, tuple[slice, slice]]:
        """Where each parameter's coordinates and directions stand in a gradient."""
        found, start = {}, 0
        for name, parameter in self.parameters.items():
            coordinates, directions = parameter.counts
            middle, stop = start + coordinates, start + coordinates + directions
            found[name] = slice(start, middle), slice(middle, stop)
            start = stop
        return found

    def full_gradient(self) -> Row:
        """Mean gradient over all samples, float64 (T,).

        Raises:
            InputError: where it is not finite; names the parameter.
        """
        total: Tensor | None = None
        steps = range(0, len(self.inputs), self.micro_batch)
        for start in stage.progress(steps, "full gradient"):
            stop = min(start + self.micro_batch, len(self.inputs))
            part = self.gradient(self.inputs[start:stop], self.targets[start:stop])
            total = added(total, part, stop - start)
        assert total is not None
        row = (total / len(self.inputs)).cpu().numpy()
        require_finite(row, self.columns, "full gradient")
        return row

    def passed(self, batch_size: int, batch: int) -> int:
        """Positions of the stream of draws that lie before a batch."""
        segment, start = self.draws.segment(batch_size, batch)
        return segment * self.draws.sample_count + start

    def noise(
        self,
        batch_sizes: Sequence[int],
        batches: int,
        rows: int,
        full_gradient: Row | None,
        finished: Callable[[int, int], bool] = lambda size, first: False,
    ) -> Iterator[Block]:
        """Gradients of all batches of all sizes, minus `full_gradient`, in blocks of `rows` batches.

        A block's bits do not depend on which others are computed.

        Args:
            batch_sizes: S batch sizes.
            batches: number of batches of each.
            rows: batches a block; memory holds one block of every size.
            full_gradient: float64 (T,); None leaves the gradients as they are.
            finished: of position in `batch_sizes` and first batch of a block: whether to leave it out.

        Yields:
            Position in `batch_sizes`, first batch, float32 (at most `rows`, T).

        Raises:
            InputError: where a gradient is not finite; names parameter, batch and batch size.
        """
        subtracted = np.zeros(1) if full_gradient is None else full_gradient
        groups = [[size] for size in range(len(batch_sizes))] if self.undivided else None
        for group in groups or [list(range(len(batch_sizes)))]:
            pieces = cut(self.draws, [batch_sizes[size] for size in group], batches)
            leave_out = partial(left_out, group, finished)
            for row, first, block in self._blocks(pieces, rows, subtracted, leave_out):
                yield group[row], first, block

    def _blocks(
        self,
        pieces: Pieces,
        rows: int,
        subtracted: Row,
        finished: Callable[[int, int], bool],
    ) -> Iterator[Block]:
        batches = pieces.first.shape[1]
        buffers: dict[int, NDArray[np.float32]] = {}
        wanted = batches_of_pieces(pieces, rows, finished)
        sums = self._piece_sums(pieces, np.flatnonzero((wanted >= 0).any(axis=0)))
        for size, batch, mean in batch_means(sums, pieces, wanted):
            row = mean - subtracted
            require_finite(
                row, self.columns, f"batch {batch} of batch size {pieces.batch_sizes[size]}"
            )
            # The batches of a size come in order: only one block of each is under construction.
            first = batch // rows * rows
            if batch == first:
                buffers[size] = np.empty((min(rows, batches - first), row.size), np.float32)
            buffers[size][batch - first] = row
            if batch - first + 1 == len(buffers[size]):
                yield size, first, buffers.pop(size)

    def _piece_sums(
        self, pieces: Pieces, needed: NDArray[np.int64]
    ) -> Iterator[tuple[int, Tensor]]:
        """Sum of the samples' gradients over each needed piece."""
        steps = [
            (piece, start, min(start + step, stop), stop)
            for piece in needed
            for stop in [int(pieces.stop[piece])]
            for step in [stop if self.undivided else self.micro_batch]
            for start in range(int(pieces.start[piece]), stop, step)
        ]
        total: Tensor | None = None
        for piece, start, end, stop in stage.progress(steps, "mini-batches"):
            segment = int(pieces.segment[piece])
            total = added(total, self._drawn_gradient(segment, start, end), end - start)
            if end == stop:
                yield int(piece), total
                total = None

    def _drawn_gradient(self, segment: int, start: int, stop: int) -> Tensor:
        """Mean gradient over positions start to stop - 1 of a segment."""
        drawn = self.draws.positions(segment, start, stop)
        indices = torch.from_numpy(drawn).to(self.inputs.device, torch.int64)
        inputs = self.inputs[indices]
        if self.augment:
            inputs = at_positions(inputs, self.draws, segment, start)
        if self.undivided:
            # What the model draws itself (dropout) repeats when a killed stage goes on here.
            key = (self.draws.repeat, self.draws.sampling, segment, start, stop)
            torch.manual_seed(torch_seed(self.draws.seed, Stream.DRAW_AUGMENTATION, *key))
        return self.gradient(inputs, self.targets[indices.to(self.targets.device)])

    def gradient(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Gradient of one pass over the given samples, float32 (T,)."""
        named = dict(self.model.named_parameters())
        parameters = [named[name] for name in self.selections]
        device = parameters[0].device
        with measuring(), asking(parameters):
            inputs, targets = (part.to(device, copy=True) for part in (inputs, targets))
            outputs = self.problem.outputs(inputs)
            loss = self.loss(outputs, targets)
            if not self.undivided:
                sample = int(torch.randint(0, len(targets), (1,), generator=self._probes))
                require_divisible(self.problem, inputs, targets, outputs, sample)
            gradients = torch.autograd.grad(loss, parameters, materialize_grads=True)
        parts = [
            part
            for selection, gradient in zip(self.selections.values(), gradients, strict=True)
            for part in project(selection, dense(gradient).float())
        ]
        flat = torch.cat(parts)
        # MPS has no float64.
        return flat.cpu() if device.type == "mps" else flat

    @cached_property
    def problem(self) -> Problem:
        """Model and loss, and the model's state as it is now, which is put back before every pass."""
        return Problem(self.model, self.loss, Kept(self.model))

    @cached_property
    def _probes(self) -> torch.Generator:
        return torch.Generator().manual_seed(0)
