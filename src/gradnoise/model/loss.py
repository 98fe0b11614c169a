"""Losses by name. Every module of `gradnoise.model.losses` is one."""

from collections.abc import Callable

from torch import Tensor

from gradnoise.errors import InputError
from gradnoise.store.registry import registered

Loss = Callable[[Tensor, Tensor], Tensor]


def loss(name: str) -> Loss:
    """Loss (outputs, targets) -> batch mean, a tensor without dimensions.

    Raises:
        InputError: for a name that is no module of `gradnoise.model.losses`.
    """
    losses: dict[str, Loss] = registered("gradnoise.model.losses", "LOSS")
    if name not in losses:
        raise InputError(f"loss: found {name!r}; accepted: {', '.join(losses)}")
    return losses[name]
