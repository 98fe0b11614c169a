"""The proof that every chunk of per-sample gradients carries.

The rows g_i that were found for a chunk, by whatever way, are held against two things that plain autograd says
through the model's own parameters:

* **Their sum under random weights.** One more forward and backward pass gives the gradient of sum_i w_i l_i.
  The rows must add up to it under the same weights, w_i of -1 or 2 at random: rows that belong to other samples (a batch
  sorted inside the model, a leading axis that only looks like the samples') do not, though their plain sum would.
  Where another pass has given the plain gradient already, the weights are in the pass that the rows are from, which
  are divided by them, and their plain sum is held against it.
* **One sample alone.** The gradient of a random sample's loss as a batch of one must be its row: a model or a loss
  that looks at batch mates, and parameters that `torch.func` does not see (kept in a list, a penalty in the loss),
  fail here.

And the loss of the batch must be the mean of the samples' losses, and two passes with other random states must give
the same outputs; else no gradient of one sample exists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import torch

from gradnoise.gradients.contractions import Rows
from gradnoise.gradients.sample_losses import summed_loss
from gradnoise.gradients.selections import Selection, project
from gradnoise.gradients.verification.losses import (
    AGREEMENT,
    ALONE,
    ROUNDING,
    glimpse,
    require_mean,
)
from gradnoise.gradients.verification.problem import (
    Problem,
    asking,
    dense,
    detached,
    gradient_alone,
    norms,
)

WEIGHTS = (-1.0, 2.0)  # neither their sum nor their differences vanish
EVERY = 16  # rows whose size stands for all
TRIED = 3  # samples alone, of which most must disagree: one may sit on the kink of a rectifier


class Total(NamedTuple):
    """What plain autograd says of the samples of a chunk together.

    Attributes:
        weights: float32 (n,).
        gradients: of the weighted sum of the samples' losses, by parameter name.
        outputs: of the pass that gave them, detached.
    """

    weights: torch.Tensor
    gradients: Mapping[str, torch.Tensor]
    outputs: Any

    def at(self, selections: Mapping[str, Selection]) -> Self:
        """Gradients at the selections, float64 (C + D,), and a part of the outputs: what may be kept of every chunk."""
        chosen = {name: _projected(each, self.gradients[name]) for name, each in selections.items()}
        return self._replace(gradients=chosen, outputs=glimpse(self.outputs))


@dataclass(frozen=True, eq=False)
class Proof:
    """What the rows of one chunk are held against.

    Attributes:
        problem: model and loss.
        samples: the chunk's inputs and targets.
        weights: float32 (n,).
        total: what the rows must add up to under the weights, at the selections, float64 (C + D,).
    """

    problem: Problem
    samples: tuple[torch.Tensor, torch.Tensor]
    weights: torch.Tensor
    total: Mapping[str, torch.Tensor]

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
        off = norms({name: self._off(name, parts) for name, parts in rows.items()})
        # Every EVERYth row tells the size of all; all are looked at where that makes something look wrong.
        size = _sizes(rows, EVERY)
        floor = ROUNDING * max(size.values(), default=0.0)
        # Where the sum overflows, one sample alone has to do.
        wrong = [
            name
            for name, each in off.items()
            if max(AGREEMENT * size[name], floor) < each < float("inf")
            and each > AGREEMENT * _sizes({name: rows[name]}, 1)[name]
        ]
        return wrong + [name for name in self._alone(rows, selections, sample) if name not in wrong]

    def _off(self, name: str, rows: Rows) -> torch.Tensor:
        """What the rows' weighted sum is off what it must be."""
        weights = self.weights.to(rows[0])
        return _joined([weights @ part for part in rows]) - self.total[name]

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
            there = {name: _projected(selections[name], alone[name]) for name in suspects}
            here = {name: _joined([part[at] for part in rows[name]]) for name in suspects}
            for name in differing(there, here):
                disagreements[name] += 1
            suspects = [name for name in suspects if disagreements[name]]
            if not suspects:
                return []
        return [name for name in suspects if 2 * disagreements[name] > min(TRIED, count)]


def total_gradient(
    problem: Problem,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    names: list[str],
    weights: torch.Tensor,
) -> Total:
    """One plain pass over a chunk, with weights on the samples' losses (all one where these cannot be told apart).

    Raises:
        DependentError: where the loss of the batch is not the mean of the samples' losses.
    """
    parameters = [problem.parameters[name] for name in names]
    with asking(parameters):
        outputs = problem.outputs(inputs)
        total, losses = summed_loss(problem.loss, outputs, targets, weights)
        if losses is None:
            weights = torch.ones_like(weights)
        else:
            require_mean(problem.loss, outputs, targets, losses)
        if total.requires_grad:
            gradients = torch.autograd.grad(total, parameters, materialize_grads=True)
        else:
            gradients = tuple(torch.zeros_like(each) for each in parameters)
    return Total(weights, dict(zip(names, gradients, strict=True)), detached(outputs))


def differing(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> list[str]:
    """Parameters of which a sample's gradient was found as two, but for rounding."""
    sizes, others = norms(one), norms(other)
    scale = {name: max(sizes[name], others[name]) for name in sizes}
    off = norms({name: each - other[name] for name, each in one.items()})
    # A gradient that is zero in theory is no dependence where rounding makes it something.
    floor = ROUNDING * max(scale.values(), default=0.0)
    return [name for name, each in off.items() if each > max(ALONE * scale[name], floor)]


def _projected(selection: Selection, gradient: torch.Tensor) -> torch.Tensor:
    return _joined(project(selection, dense(gradient).float()))


def _joined(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """Values at coordinates and along directions in a row, float64."""
    return torch.cat([part for part in parts if part.numel()] or [parts[0]]).double()


def random_weights(count: int, generator: torch.Generator) -> torch.Tensor:
    """Weights for so many samples, on the processor."""
    drawn = torch.randint(0, 2, (count,), generator=generator)
    return torch.tensor(WEIGHTS)[drawn]


def _sizes(rows: Mapping[str, Rows], step: int) -> dict[str, float]:
    """Largest norms that sums of these rows under weights of one can have, from every `step`th of them."""
    some = {
        name: torch.cat([part[::step].reshape(-1) for part in parts])
        for name, parts in rows.items()
    }
    counts = {name: (len(parts[0]), len(parts[0][::step])) for name, parts in rows.items()}
    return {
        name: each * counts[name][0] / max(1, counts[name][1]) ** 0.5
        for name, each in norms(some).items()
    }
