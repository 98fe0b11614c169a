"""What the stage's studies measure of a network: curvature and Jacobian."""

import numpy as np
from torch import Tensor, nn

from gradnoise.geometry.blocks import bounds_of
from gradnoise.geometry.jacobian import jacobian_singular_values
from gradnoise.geometry.likelihoods import expected_fisher
from gradnoise.geometry.tangent_kernel import layer_kernels
from gradnoise.store.variables import Variable


def geometry(model: nn.Module, inputs: Tensor) -> dict[str, float]:
    """Curvature and Jacobian of a network of linear layers, by the names of `GEOMETRY`."""
    gaussian = layer_kernels(model, expected_fisher(model, inputs, "gaussian"))
    fisher = expected_fisher(model, inputs)
    categorical = layer_kernels(model, fisher).condition(fisher.size)
    condition = gaussian.condition(fisher.size)
    bound = bounds_of(gaussian)
    stretch = jacobian_singular_values(model, inputs)
    return {
        "fisher": bound.fisher,
        "largest_block": bound.largest_block,
        "sum_of_blocks": bound.sum_of_blocks,
        "bound": bound.bound,
        "condition": condition.value,
        "rank": condition.rank,
        "categorical_fisher": categorical.largest,
        "categorical_condition": categorical.value,
        "stretch": float((stretch[:, 0] ** 2).mean()),
        "stretch_ratio": float(np.median(stretch[:, 0] / stretch[:, -1])),
    }


GEOMETRY = (
    Variable("fisher", "largest eigenvalue of the Fisher information, Gaussian likelihood"),
    Variable("largest_block", "largest eigenvalue of its blocks of single layers, the largest"),
    Variable("sum_of_blocks", "the sum of them, an upper bound"),
    Variable("bound", "upper bound of that sum by the Jacobians of the layers"),
    Variable("condition", "condition number of the Fisher information over its nonzero spectrum"),
    Variable("rank", "eigenvalues above its cutoff"),
    Variable("categorical_fisher", "largest eigenvalue of the Fisher information of the softmax"),
    Variable("categorical_condition", "its condition number over its nonzero spectrum"),
    Variable(
        "stretch",
        "mean over samples of the squared largest singular value of the Jacobian from inputs to outputs",
    ),
    Variable(
        "stretch_ratio", "median over samples of its largest over its smallest singular value"
    ),
)
