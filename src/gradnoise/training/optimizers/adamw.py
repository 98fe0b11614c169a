"""AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gradnoise.training.settings import Hyperparameters


def adamw(parameters: Sequence[Tensor], how: Hyperparameters) -> torch.optim.Optimizer:
    """Torch's AdamW, its two decay rates (momentum, 0.999), weight decay decoupled."""
    return torch.optim.AdamW(
        parameters, how.learning_rate, betas=(how.momentum, 0.999), weight_decay=how.weight_decay
    )


OPTIMIZER = adamw
