"""SGD with momentum, weight decay in the gradient."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gradnoise.training.settings import Hyperparameters


def sgd(parameters: Sequence[Tensor], how: Hyperparameters) -> torch.optim.Optimizer:
    """Torch's SGD: v <- momentum v + gradient + weight_decay parameter; parameter <- parameter - rate v."""
    return torch.optim.SGD(
        parameters,
        how.learning_rate,
        how.momentum,
        weight_decay=how.weight_decay,
        nesterov=how.nesterov,
    )


OPTIMIZER = sgd
