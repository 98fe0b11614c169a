"""The Fisher information's largest eigenvalue, between its blocks and the Jacobians of the layers.

A linear layer's block of the gradient of an output is (J_l^T e) (x, 1)^T, with J_l the Jacobian from its preactivations to
the outputs and x its input. For a Gaussian likelihood of variance 1 therefore (arXiv:1810.03785)

    max_l lambda(F_ll) <= lambda(F) <= sum_l lambda(F_ll) <= sum_l E[(|x|^2 + 1) s(J_l)^2],

lambda the largest eigenvalue, s the largest singular value; without biases without the 1.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from gradnoise.curvature.objective import trainable
from gradnoise.errors import InputError
from gradnoise.geometry.jacobian import layer_jacobians
from gradnoise.geometry.likelihoods import expected_fisher


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
    layers = [(name, each) for name, each in model.named_modules() if isinstance(each, nn.Linear)]
    members = {
        name: [part for part, _ in trainable(model) if part.rpartition(".")[0] == name]
        for name, _ in layers
    }
    known = {part for parts in members.values() for part in parts}
    others = [part for part, _ in trainable(model) if part not in known]
    if others or not known:
        raise InputError(
            f"block_bound: found {', '.join(others) or 'no parameters'}; linear layers' alone are needed"
        )
    whole = expected_fisher(model, inputs, "gaussian")
    blocks = [
        float(np.linalg.norm(whole.rows(parts), 2)) ** 2 for parts in members.values() if parts
    ]
    bound = 0.0
    for name, (entered, jacobians) in layer_jacobians(model, whole.inputs).items():
        kinds = {part.rpartition(".")[2] for part in members[name]}
        lengths = entered.double().square().sum(1) * ("weight" in kinds) + ("bias" in kinds)
        largest = torch.linalg.matrix_norm(jacobians.double(), 2)
        bound += float((lengths * largest**2).mean())
    return BlockBound(max(blocks), float(whole.eigenvalues(1)[0]), sum(blocks), bound)
