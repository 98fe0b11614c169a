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

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_leaves, tree_map

from gradnoise.errors import InputError
from gradnoise.gradients.captures import sample_losses
from gradnoise.gradients.contractions import Rows
from gradnoise.gradients.selections import Selection, project
from gradnoise.model.loss import Loss
from gradnoise.model.preservation import Kept

AGREEMENT = 1e-4  # of sums over a batch, which both ways see in the same shape: far above rounding
ALONE = 1e-3  # of one sample alone, whose matrix products are rounded otherwise
ROUNDING = 1e-5  # of the whole model's gradient: what is below may be zero in theory
WEIGHTS = (-1.0, 2.0)  # neither their sum nor their differences vanish
TRIED = 3  # samples alone, of which most must disagree: one may sit on the kink of a rectifier


class DependentError(InputError):
    """A sample's gradient does not exist: what it is depends on its batch mates, or on the pass."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A model, its loss, and how to put the model back before every pass."""

    model: nn.Module
    loss: Loss
    kept: Kept

    def fresh(self, samples: torch.Tensor) -> torch.Tensor:
        """The model as it was, and a copy of the samples that it may change."""
        self.kept.put_back()
        return samples.clone()

    def outputs(self, inputs: torch.Tensor) -> Any:
        """One forward pass of the model as it was."""
        return self.model(self.fresh(inputs))


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
        found = {name: torch.cat(parts, dim=1).double() for name, parts in rows.items()}
        expected = {name: _projected(selections[name], self.total[name]) for name in found}
        weights = self.weights.to(next(iter(found.values())))
        off = {name: norm(weights @ each - expected[name]) for name, each in found.items()}
        # Of absolute values: the sum itself may cancel to nothing but rounding.
        scale = {name: norm(weights.abs() @ each.abs()) for name, each in found.items()}
        floor = ROUNDING * max(scale.values(), default=0.0)
        # Where the sum overflows, one sample alone has to do.
        limits = {name: max(AGREEMENT * each, floor) for name, each in scale.items()}
        wrong = [name for name in found if limits[name] < off[name] < float("inf")]
        return wrong + [
            name for name in self._alone(found, selections, sample) if name not in wrong
        ]

    def _alone(
        self,
        rows: Mapping[str, torch.Tensor],
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
                name: (_projected(selections[name], alone[name]), rows[name][at])
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


def gradient_alone(
    problem: Problem, inputs: torch.Tensor, targets: torch.Tensor, sample: int, names: list[str]
) -> dict[str, torch.Tensor]:
    """Gradient of the loss of one sample as a batch of one."""
    named = dict(problem.model.named_parameters())
    parameters = [named[name] for name in names]
    one = slice(sample, sample + 1)
    with asking(parameters):
        value = problem.loss(problem.outputs(inputs[one]), targets[one])
        if not value.requires_grad:
            return {name: torch.zeros_like(named[name]) for name in names}
        gradients = torch.autograd.grad(value, parameters, materialize_grads=True)
    return dict(zip(names, gradients, strict=True))


def random_weights(count: int, generator: torch.Generator) -> torch.Tensor:
    """Weights for so many samples, on the processor."""
    drawn = torch.randint(0, 2, (count,), generator=generator)
    return torch.tensor(WEIGHTS)[drawn]


def require_mean(loss: Loss, outputs: Any, targets: torch.Tensor, losses: torch.Tensor) -> None:
    """Refuse a loss of the batch that is not the mean of the samples' losses.

    Raises:
        DependentError: with both values.
    """
    with torch.no_grad():
        whole = loss(detached(outputs), targets)
    if whole.ndim:
        raise InputError(
            f"loss: found a value of shape {tuple(whole.shape)}; needed: one number, the batch's mean loss"
        )
    mean, size = losses.detach().double().mean(), losses.detach().double().abs().mean()
    # Not finite: a sample of nothing but padding. Where the batch's loss is not finite either, that is said elsewhere.
    if bool(whole.isfinite()) and not bool((whole.double() - mean).abs() <= AGREEMENT * size):
        raise DependentError(
            f"the loss of a batch is {whole.item():.6g}, the mean of its samples' losses "
            f"{mean.item():.6g}, so it is no mean over samples (weights of classes, padding that is left "
            "out, a sum, negatives from the batch, or outputs and targets of other shapes)"
        )


def require_alone(
    problem: Problem, inputs: torch.Tensor, targets: torch.Tensor, losses: torch.Tensor, sample: int
) -> None:
    """Refuse a batch in which a sample's loss is not its loss alone.

    Raises:
        DependentError: with both values.
    """
    one = slice(sample, sample + 1)
    with torch.no_grad():
        alone = problem.loss(problem.outputs(inputs[one]), targets[one]).double()
    inside, size = losses[sample].double(), losses.double().abs().mean()
    if bool((alone - inside).abs() > ALONE * size):
        raise DependentError(
            f"a sample's loss alone is {alone.item():.6g}, inside a batch {inside.item():.6g}, so it depends on its "
            "batch mates or is drawn anew in every pass"
        )


def same_outputs(one: Any, other: Any) -> bool:
    """Whether two passes over the same samples gave the same, but for rounding."""
    for first, second in zip(tree_leaves(one), tree_leaves(other), strict=True):
        if isinstance(first, torch.Tensor):
            a, b = first.double(), second.double()
            if a.shape != b.shape or bool(
                (a - b).norm() > ROUNDING * torch.maximum(a.norm(), b.norm())
            ):
                return False
    return True


def detached(outputs: Any) -> Any:
    """The same tensors without their history."""
    return tree_map(lambda part: part.detach() if isinstance(part, torch.Tensor) else part, outputs)


@contextmanager
def asking(parameters: Sequence[torch.Tensor]) -> Iterator[None]:
    """Let parameters ask for gradients meanwhile, in the precision of the model, wherever this is called from."""
    required = [parameter.requires_grad for parameter in parameters]
    try:
        for parameter in parameters:
            parameter.requires_grad_(True)
        with torch.enable_grad():
            yield
    finally:
        for parameter, require in zip(parameters, required, strict=True):
            parameter.requires_grad_(require)


def _projected(selection: Selection, gradient: torch.Tensor) -> torch.Tensor:
    return torch.cat(project(selection, dense(gradient).float())).double()


def dense(gradient: torch.Tensor) -> torch.Tensor:
    """A gradient that a sparse layer (an embedding) gives, with its zeros."""
    return gradient.to_dense() if gradient.is_sparse else gradient


def norm(tensor: torch.Tensor) -> float:
    """Euclidean norm of all elements."""
    return float(torch.linalg.vector_norm(tensor))


@contextmanager
def measuring() -> Iterator[None]:
    """Differentiate, and compute in the model's own precision, wherever this is called from."""
    kinds = {"cpu", *(("cuda",) if torch.cuda.is_available() else ())}
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        for kind in kinds:
            stack.enter_context(torch.autocast(kind, enabled=False))
        yield
