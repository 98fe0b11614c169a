"""The Fisher information's largest eigenvalue, between its blocks and the Jacobians of the layers.

A linear layer's block of the gradient of an output is (J_l^T e) (x, 1)^T, with J_l the Jacobian from its preactivations to
the outputs and x its input. For a Gaussian likelihood of variance 1 therefore (arXiv:1810.03785)

    max_l lambda(F_ll) <= lambda(F) <= sum_l lambda(F_ll) <= sum_l E[(|x|^2 + 1) s(J_l)^2],

lambda the largest eigenvalue, s the largest singular value; without biases without the 1.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor, nn

from gradnoise.geometry.likelihoods import expected_fisher
from gradnoise.geometry.tangent_kernel import LayerKernels, layer_kernels


class BlockBound(NamedTuple):
    """The four members of the inequality, ascending.

    Attributes:
        largest_block: max_l lambda(F_ll).
        fisher: lambda(F).
        sum_of_blocks: sum_l lambda(F_ll).
        bound: sum_l E[(|x|^2 + 1) s(J_l)^2].
    """

    largest_block: float
    fisher: float
    sum_of_blocks: float
    bound: float


def block_bound(model: nn.Module, inputs: ArrayLike | Tensor) -> BlockBound:
    """Bounds of the Fisher information's largest eigenvalue by the network's Jacobians, Gaussian likelihood.

    Args:
        model: whose trainable parameters are those of linear layers, each called once, on one vector a sample.
        inputs: (N, ...), torch or NumPy, real.

    Raises:
        InputError: for trainable parameters elsewhere, and as `expected_fisher`.
    """
    return bounds_of(layer_kernels(model, expected_fisher(model, inputs, "gaussian")))


def bounds_of(layers: LayerKernels) -> BlockBound:
    """The members of the inequality out of the layers' kernels, of a Gaussian likelihood."""
    blocks = [_largest(each) for each in layers.kernels.values()]
    return BlockBound(max(blocks), _largest(layers.whole), sum(blocks), sum(layers.bounds.values()))


def _largest(kernel: Tensor) -> float:
    return float(np.linalg.eigvalsh(kernel.numpy())[-1])
