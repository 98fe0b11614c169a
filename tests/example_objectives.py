"""A small network's loss, and the same by dense matrices in float64."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from gradnoise.curvature.objective import Objective, flatten, unflatten
from toy_network import images, network


def objective(samples: int = 50) -> Objective:
    model = network()
    return Objective(model, F.cross_entropy, *images(samples), flatten(model))


def dense(loss: Objective) -> tuple[np.ndarray, np.ndarray]:
    """Hessian (P, P) and per-sample gradients (N, P) by differentiating a double-precision copy."""
    model = network().double()
    inputs, targets = loss.inputs.double(), loss.targets
    start = loss.position.double()

    def value(vector: torch.Tensor, first: int, last: int) -> torch.Tensor:
        outputs = torch.func.functional_call(model, unflatten(model, vector), (inputs[first:last],))
        return F.cross_entropy(outputs, targets[first:last])

    hessian: Any = torch.autograd.functional.hessian(lambda v: value(v, 0, len(inputs)), start)
    gradients = [
        torch.func.grad(value)(start, index, index + 1).numpy() for index in range(len(inputs))
    ]
    return hessian.numpy(), np.array(gradients)
