"""Curvature of mini-batch losses along their own gradients."""

import numpy as np
import torch
from numpy.typing import NDArray

from gradnoise.curvature.objective import Objective, joined


def batch_sharpness(objective: Objective, batches: NDArray[np.integer]) -> NDArray[np.float64]:
    """Curvature of each mini-batch's loss along its own gradient, g_B^T H_B g_B / |g_B|^2.

    Their mean is the batch sharpness of Andreyev and Beneventano (arXiv 2412.20553): the expected directional
    curvature of mini-batch Hessians along their own gradients, which settles at 2 / learning rate at the edge
    of stochastic stability. It is the mean of the ratios; the ratio of the means, E[g^T H g] / E|g|^2, would
    weigh each batch with its squared gradient, and so mostly hear the few batches with the largest ones.

    Args:
        objective: the loss and where.
        batches: integer (batches, batch_size) indices of samples.

    Returns:
        float64 (batches,), in loss per squared unit of the parameter; 0 for a batch without a gradient.
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
        gradient = joined(torch.autograd.grad(mean, block, materialize_grads=True))
        product = part.hessian_product(names, gradient)
        found.append(float(gradient @ product) / max(float(gradient @ gradient), 1e-30))
    return np.array(found)
