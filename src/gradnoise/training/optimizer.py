"""Optimizers by name. Every module of `gradnoise.training.optimizers` is one."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gradnoise.errors import InputError
from gradnoise.geometry.stiefel import StiefelSGD
from gradnoise.store.registry import registered
from gradnoise.training.settings import Hyperparameters

Build = Callable[[Sequence[Tensor], Hyperparameters], torch.optim.Optimizer]


def build(parameters: Sequence[Tensor], how: Hyperparameters) -> torch.optim.Optimizer:
    """Optimizer of some parameters, at the first epoch's learning rate.

    Raises:
        InputError: for a name that is no module of `gradnoise.training.optimizers`, or Nesterov momentum
            where there is none, or the Stiefel manifold for another than SGD or weights that are not on it.
    """
    optimizers: dict[str, Build] = registered("gradnoise.training.optimizers", "OPTIMIZER")
    if how.optimizer not in optimizers:
        raise InputError(
            f"optimizer: found {how.optimizer!r}; accepted: {', '.join(sorted(optimizers))}"
        )
    if how.nesterov and (how.optimizer != "sgd" or how.momentum <= 0):
        raise InputError(
            f"nesterov: found true with {how.optimizer} and momentum {how.momentum}; it needs sgd and a "
            "momentum above 0"
        )
    if how.manifold == "stiefel":
        if how.optimizer != "sgd" or how.nesterov:
            raise InputError(
                f"manifold: found stiefel with {how.optimizer}; it needs sgd without Nesterov momentum"
            )
        return StiefelSGD(parameters, how.learning_rate, how.momentum, how.weight_decay)
    return optimizers[how.optimizer](parameters, how)
