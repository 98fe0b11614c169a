"""Is the loss of a batch the mean of its samples' losses, and does a pass say the same twice?"""

from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from gradnoise.errors import InputError
from gradnoise.gradients.sample_losses import sample_losses
from gradnoise.gradients.verification.problem import DependentError, Problem, detached
from gradnoise.model.loss import Loss

AGREEMENT = 1e-4  # of sums over a batch, which both ways see in the same shape: far above rounding
ALONE = 1e-3  # of one sample alone, whose matrix products are rounded otherwise
SEEN = 16  # outputs of a sample by which passes are told apart where not all can be kept
ROUNDING = 1e-5  # of the whole model's gradient: what is below may be zero in theory


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


def glimpse(outputs: Any) -> Any:
    """At most `SEEN` values of every sample's outputs: enough to tell two passes apart."""

    def some(part: Any) -> Any:
        if not isinstance(part, torch.Tensor) or not part.numel():
            return part
        rows = part.detach().reshape(len(part) if part.ndim else 1, -1)
        return rows[:, :: -(-rows.shape[1] // SEEN)].clone()

    return tree_map(some, outputs)


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


def require_divisible(
    problem: Problem, inputs: torch.Tensor, targets: torch.Tensor, outputs: Any, sample: int
) -> None:
    """Refuse a batch whose gradient is not the mean of its parts', by its losses and one sample alone.

    Raises:
        DependentError: says what was found.
    """
    losses = sample_losses(problem.loss, detached(outputs), targets)
    if losses is not None:
        require_mean(problem.loss, outputs, targets, losses)
        require_alone(problem, inputs, targets, losses, sample)
