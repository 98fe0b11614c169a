"""Curvature of mini-batch losses along their own gradients."""

import numpy as np
import torch
from numpy.typing import NDArray

from gradnoise.curvature.objective import Objective, _flat


def batch_sharpness(objective: Objective, batches: NDArray[np.integer]) -> NDArray[np.float64]:
    """Curvature of each mini-batch's loss along its own gradient, g_B^T H_B g_B / |g_B|^2.

    Args:
        objective: the loss and where.
        batches: integer (batches, batch_size) indices of samples.

    Returns:
        float64 (batches,); their mean is the batch sharpness that settles at 2 / learning rate at the edge
        of stochastic stability (Andreyev and Beneventano, arXiv 2412.20553).
    """
    names = list(objective.parameters())
    found = []
    for batch in torch.from_numpy(np.asarray(batches, np.int64)).to(objective.position.device):
        part = Objective(
            objective.model,
            objective.loss,
            objective.inputs[batch],
            objective.targets[batch],
            objective.position,
        )
        leaves = part.parameters()
        block = [leaves[name] for name in names]
        mean = part.sample_losses(leaves, 0, len(batch)).mean()
        gradient = _flat(torch.autograd.grad(mean, block), block)
        product = part.hessian_product(names, gradient)
        found.append(float(gradient @ product) / max(float(gradient @ gradient), 1e-30))
    return np.array(found)
