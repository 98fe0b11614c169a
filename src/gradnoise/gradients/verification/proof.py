"""The proof that every chunk of per-sample gradients carries.

The rows g_i that were found for a chunk, by whatever way, are held against two things that plain autograd says
through the model's own parameters:

* **Their sum under random weights.** One more forward and backward pass gives the gradient of sum_i w_i l_i.
  The rows must add up to it under the same weights, w_i of -1 or 2 at random: rows that belong to other samples (a batch
  sorted inside the model, a leading axis that only looks like the samples') do not, though their plain sum would.
* **One sample alone.** The gradient of a random sample's loss as a batch of one must be its row: a model or a loss
  that looks at batch mates, and parameters that `torch.func` does not see (kept in a list, a penalty in the loss),
  fail here.

And the loss of the batch must be the mean of the samples' losses, and two passes with other random states must give
the same outputs; else no gradient of one sample exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from gradnoise.gradients.contractions import Rows
from gradnoise.gradients.sample_losses import sample_losses
from gradnoise.gradients.selections import Selection, project
from gradnoise.gradients.verification.losses import AGREEMENT, ALONE, ROUNDING, require_mean
from gradnoise.gradients.verification.problem import (
    Problem,
    asking,
    dense,
    detached,
    gradient_alone,
    norm,
)

WEIGHTS = (-1.0, 2.0)  # neither their sum nor their differences vanish
EVERY = 16  # rows whose size stands for all
TRIED = 3  # samples alone, of which most must disagree: one may sit on the kink of a rectifier


@dataclass(frozen=True, eq=False)
class Proof:
    """What plain autograd says of one chunk.

    Attributes:
        problem: model and loss.
        samples: the chunk's inputs and targets.
        weights: float32 (n,).
        total: gradient of the weighted sum of the samples' losses, by parameter name.
        outputs: of the pass that gave it, detached.
    """

    problem: Problem
    samples: tuple[torch.Tensor, torch.Tensor]
    weights: torch.Tensor
    total: Mapping[str, torch.Tensor]
    outputs: Any

    def disagreeing(
        self, rows: Mapping[str, Rows], selections: Mapping[str, Selection], sample: int
    ) -> list[str]:
        """Parameters whose rows are not these samples' gradients.

        Args:
            rows: float32 (n, C) and (n, D) by parameter name.
            selections: of the same parameters.
            sample: that is also looked at alone.
        """
        if not rows:
            return []
        off = {name: self._off(parts, selections[name]) for name, parts in rows.items()}
        # Every EVERYth row tells the size of all; all are looked at where that makes something look wrong.
        size = {name: _size(parts, EVERY) for name, parts in rows.items()}
        floor = ROUNDING * max(size.values(), default=0.0)
        # Where the sum overflows, one sample alone has to do.
        wrong = [
            name
            for name, each in off.items()
            if max(AGREEMENT * size[name], floor) < each < float("inf")
            and each > AGREEMENT * _size(rows[name], 1)
        ]
        return wrong + [name for name in self._alone(rows, selections, sample) if name not in wrong]

    def _off(self, rows: Rows, selection: Selection) -> float:
        """How far the rows' weighted sum is from what it must be."""
        weights = self.weights.to(rows[0])
        found = torch.cat([weights @ part for part in rows])
        return norm(found.double() - _projected(selection, self.total[selection.name]))

    def _alone(
        self,
        rows: Mapping[str, Rows],
        selections: Mapping[str, Selection],
        sample: int,
    ) -> list[str]:
        count = len(self.weights)
        suspects, disagreements = list(rows), dict.fromkeys(rows, 0)
        # Others are looked at only where the first disagrees.
        for step in range(min(TRIED, count)):
            at = (sample + step * max(1, count // TRIED)) % count
            alone = gradient_alone(self.problem, *self.samples, at, suspects)
            pairs = {
                name: (
                    _projected(selections[name], alone[name]),
                    torch.cat([part[at] for part in rows[name]]).double(),
                )
                for name in suspects
            }
            scale = {name: max(norm(one), norm(row)) for name, (one, row) in pairs.items()}
            floor = ROUNDING * max(scale.values(), default=0.0)
            for name, (one, row) in pairs.items():
                disagreements[name] += norm(one - row) > max(ALONE * scale[name], floor)
            suspects = [name for name in suspects if disagreements[name]]
            if not suspects:
                return []
        return [name for name in suspects if 2 * disagreements[name] > min(TRIED, count)]


def prove(
    problem: Problem,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    names: list[str],
    weights: torch.Tensor,
) -> Proof:
    """One plain pass over a chunk, with weights on the samples' losses.

    Raises:
        DependentError: where the loss of the batch is not the mean of the samples' losses.
    """
    named = dict(problem.model.named_parameters())
    parameters = [named[name] for name in names]
    with asking(parameters):
        outputs = problem.outputs(inputs)
        losses = sample_losses(problem.loss, outputs, targets)
        if losses is None:
            # Only the batch's loss is known: all weights are one.
            weights = torch.ones_like(weights)
            total = problem.loss(outputs, targets) * len(targets)
        else:
            require_mean(problem.loss, outputs, targets, losses)
            total = (weights.to(losses) * losses).sum()
        if total.requires_grad:
            gradients = torch.autograd.grad(total, parameters, materialize_grads=True)
        else:
            gradients = tuple(torch.zeros_like(each) for each in parameters)
    return Proof(
        problem,
        (inputs, targets),
        weights,
        dict(zip(names, gradients, strict=True)),
        detached(outputs),
    )


def _projected(selection: Selection, gradient: torch.Tensor) -> torch.Tensor:
    return torch.cat(project(selection, dense(gradient).float())).double()


def random_weights(count: int, generator: torch.Generator) -> torch.Tensor:
    """Weights for so many samples, on the processor."""
    drawn = torch.randint(0, 2, (count,), generator=generator)
    return torch.tensor(WEIGHTS)[drawn]


def _size(rows: Rows, step: int) -> float:
    """Largest norm that a sum of these rows under weights of one can have, from every `step`th of them."""
    count, some = len(rows[0]), [part[::step] for part in rows]
    total = sum(norm(part) ** 2 for part in some)
    return float(count * (total / max(1, len(some[0]))) ** 0.5)
