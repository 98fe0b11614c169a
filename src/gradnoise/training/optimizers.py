"""Optimizers by name, and signSGD."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from gradnoise.errors import InputError

NAMES = ("sgd", "adamw", "signsgd")


class SignSGD(torch.optim.Optimizer):
    """Sign of the momentum of the gradient, with decoupled weight decay.

    buffer <- momentum * buffer + gradient; parameter <- parameter - learning_rate * (sign(buffer) +
    weight_decay * parameter). Without momentum signSGD, with it Signum (Bernstein et al. 2018,
    arXiv:1802.04434). A zero has sign 0.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float, weight_decay: float
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step along the gradients that stand in the parameters."""
        assert closure is None
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                direction = parameter.grad
                if group["momentum"]:
                    state = self.state[parameter]
                    if "momentum_buffer" not in state:
                        state["momentum_buffer"] = torch.zeros_like(parameter)
                    direction = state["momentum_buffer"].mul_(group["momentum"]).add_(direction)
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(direction.sign(), alpha=group["lr"])


def build(
    name: str,
    parameters: Iterable[Tensor],
    learning_rate: float,
    momentum: float,
    nesterov: bool,
    weight_decay: float,
) -> torch.optim.Optimizer:
    """Optimizer "sgd" (weight decay in the gradient), "adamw" or "signsgd" (decoupled weight decay).

    AdamW's two decay rates are (momentum, 0.999).

    Raises:
        InputError: for another name, or Nesterov momentum where there is none.
    """
    if name not in NAMES:
        raise InputError(f"optimizer: found {name!r}; accepted: {', '.join(NAMES)}")
    if nesterov and (name != "sgd" or momentum <= 0):
        raise InputError(
            f"nesterov: found true with {name} and momentum {momentum}; it needs sgd and a momentum above 0"
        )
    if name == "sgd":
        return torch.optim.SGD(
            parameters, learning_rate, momentum, weight_decay=weight_decay, nesterov=nesterov
        )
    if name == "adamw":
        return torch.optim.AdamW(
            parameters, learning_rate, betas=(momentum, 0.999), weight_decay=weight_decay
        )
    return SignSGD(parameters, learning_rate, momentum, weight_decay)
