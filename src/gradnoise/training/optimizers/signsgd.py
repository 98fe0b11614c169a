"""SignSGD, and Signum, which torch does not have."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from gradnoise.training.settings import Hyperparameters


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


def signsgd(parameters: Sequence[Tensor], how: Hyperparameters) -> torch.optim.Optimizer:
    """SignSGD, with momentum Signum."""
    return SignSGD(parameters, how.learning_rate, how.momentum, how.weight_decay)


OPTIMIZER = signsgd
