"""Losses by name."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from gradnoise.errors import InputError

Loss = Callable[[Tensor, Tensor], Tensor]


def loss(name: str) -> Loss:
    """Loss (outputs, targets) -> batch mean.

    "cross_entropy": outputs are logits, targets class numbers. "mean_squared_error": mean over all
    elements of (outputs - targets)^2; class numbers stand for one-hot rows.

    Raises:
        InputError: for another name.
    """
    losses: dict[str, Loss] = {
        "cross_entropy": F.cross_entropy,
        "mean_squared_error": _mean_squared_error,
    }
    if name not in losses:
        raise InputError(f"loss: found {name!r}; accepted: {', '.join(losses)}")
    return losses[name]


def _mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    if not targets.is_floating_point():
        # F.one_hot looks at the values, which torch.func.vmap does not allow.
        classes = torch.arange(outputs.shape[-1], device=targets.device)
        targets = (targets.unsqueeze(-1) == classes).to(outputs.dtype)
    return F.mse_loss(outputs, targets)
