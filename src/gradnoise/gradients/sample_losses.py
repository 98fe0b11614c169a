"""The loss of every sample of a batch, from one pass of the model over all of them."""

from typing import Any

import torch
import torch.nn.functional as F
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from gradnoise.model.loss import Loss
from gradnoise.model.losses.cross_entropy import cross_entropy


def sample_losses(loss: Loss, outputs: Any, targets: torch.Tensor) -> torch.Tensor | None:
    """The loss of every sample as a batch of one, (n,); None where the outputs cannot be taken apart.

    Outputs are tensors, or tuples, lists and dictionaries of them; what has another length than the targets (a
    hidden state, a scalar) or is no tensor goes with every sample as it is.
    """
    count = len(targets)

    def row(output: Any, index: int) -> Any:
        return tree_map(lambda part: part[index : index + 1] if of_samples(part) else part, output)

    def of_samples(part: Any) -> bool:
        return isinstance(part, torch.Tensor) and part.ndim > 0 and len(part) == count

    if (
        loss in (F.cross_entropy, cross_entropy)
        and isinstance(outputs, torch.Tensor)
        and outputs.ndim == 2
    ):
        # The same numbers without the second that torch takes to import `vmap`'s machinery.
        return F.cross_entropy(outputs, targets, reduction="none")
    leaves, structure = tree_flatten(outputs)
    mapped = [of_samples(part) for part in leaves]
    if not any(mapped):
        return None

    def alone(parts: list[torch.Tensor], target: torch.Tensor) -> torch.Tensor:
        given = iter(parts)
        whole = [
            next(given).unsqueeze(0) if each else part
            for each, part in zip(mapped, leaves, strict=True)
        ]
        return loss(tree_unflatten(whole, structure), target.unsqueeze(0))

    parts = [part for each, part in zip(mapped, leaves, strict=True) if each]
    try:
        found = torch.func.vmap(alone)(parts, targets)
    except (RuntimeError, ValueError, TypeError):  # a loss that torch.func cannot vectorise
        one = [loss(row(outputs, i), targets[i : i + 1]) for i in range(count)]
        found = torch.stack([each.reshape(()) for each in one])
    return found if found.shape == (count,) else None


def summed_loss(
    loss: Loss, outputs: Any, targets: torch.Tensor, weights: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Sum of the samples' losses, and these (n,): with weights where they can be told apart; else the batch's times n."""
    losses = sample_losses(loss, outputs, targets)
    if losses is None:
        return loss(outputs, targets) * len(targets), None
    return losses.sum() if weights is None else (weights.to(losses) * losses).sum(), losses
