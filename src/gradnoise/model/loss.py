"""Losses by name: every module of `gradnoise.model.losses` is one, and a user's own are `package.module:function`."""

from collections.abc import Callable

from torch import Tensor

from gradnoise.errors import InputError
from gradnoise.model.own_code import imported, is_own
from gradnoise.store.registry import registered

Loss = Callable[[Tensor, Tensor], Tensor]


def loss(name: str) -> Loss:
    """Loss (outputs, targets) -> batch mean, a tensor without dimensions.

    Args:
        name: a module of `gradnoise.model.losses`, or a user's own function (or module's instance) of outputs
            (batch, outputs) or (batch, positions, classes) and the targets of the same samples.

    Raises:
        InputError: for a name that is neither, or code that cannot be imported.
    """
    if is_own(name):
        own = imported("loss", name)
        if isinstance(own, type):
            raise InputError(
                f"loss {name}: found a class; accepted: a function of (outputs, targets), or an instance: write "
                f"loss = {own.__name__}() into the module"
            )
        return own
    losses: dict[str, Loss] = registered("gradnoise.model.losses", "LOSS")
    if name not in losses:
        raise InputError(
            f"loss: found {name!r}; accepted: {', '.join(losses)}, or your own as 'package.module:function'"
        )
    return losses[name]
