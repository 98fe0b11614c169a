"""Mean over all elements of (outputs - targets)^2; class numbers stand for one-hot rows."""

import torch
import torch.nn.functional as F
from torch import Tensor


def mean_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error of outputs (batch, outputs) and targets of that shape, or class numbers (batch,).

    Of sequences outputs are (batch, positions, classes), and class numbers (batch, positions).

    >>> mean_squared_error(torch.tensor([[0.0, 2.0]]), torch.tensor([1]))
    tensor(0.5000)
    """
    if not targets.is_floating_point():
        # F.one_hot looks at the values, which torch.func.vmap does not allow.
        classes = torch.arange(outputs.shape[-1], device=targets.device)
        targets = (targets.unsqueeze(-1) == classes).to(outputs.dtype)
    return F.mse_loss(outputs, targets)


LOSS = mean_squared_error
