"""The tangent kernel of a network of linear layers, layer by layer, without the Jacobian by its weights.

The derivative of sample i's outputs by a layer's weights and biases is J_i (x_i, 1)^T, J_i the Jacobian from the layer's
preactivations and x_i what enters it. The kernel of two samples is therefore (x_i . x_j + 1) J_i J_j^T, small matrices
where the derivatives themselves are as many as the weights. Its nonzero eigenvalues are the Fisher information's.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from gradnoise.curvature.objective import trainable
from gradnoise.errors import InputError
from gradnoise.geometry.fisher import Condition, Fisher, condition_of
from gradnoise.geometry.jacobian import layer_jacobians


class LayerKernels(NamedTuple):
    """Kernels A_l A_l^T of a Fisher information A^T A = sum_l A_l^T A_l, and the bound that Jacobians give.

    Attributes:
        kernels: by layer, float64 (N rank, N rank), of its weights and biases.
        bounds: by layer, E[(|x|^2 + 1) s(J)^2], s the largest singular value.
        precision: of the derivatives, their relative rounding.
    """

    kernels: dict[str, Tensor]
    bounds: dict[str, float]
    precision: float

    @property
    def whole(self) -> Tensor:
        """A A^T, float64 (N rank, N rank)."""
        return torch.stack(list(self.kernels.values())).sum(dim=0)

    def condition(self, parameters: int) -> Condition:
        """Condition number over the nonzero spectrum, as `Fisher.condition` has it.

        Args:
            parameters: number of trainable ones, which the cutoff depends on.
        """
        values = np.maximum(np.linalg.eigvalsh(self.whole.numpy())[::-1], 0)
        return condition_of(values, max(len(values), parameters), self.precision)


def layer_kernels(model: nn.Module, fisher: Fisher) -> LayerKernels:
    """Kernels of a network whose trainable parameters are those of linear layers.

    Args:
        model: in which every linear layer is called at most once, on one vector a sample.
        fisher: of that model.

    Raises:
        InputError: for trainable parameters elsewhere, and a layer that is called otherwise.
    """
    members = _members(model)
    root = fisher.root.double()
    count, _, rank = root.shape
    kernels, bounds = {}, {}
    for name, (entered, jacobians) in layer_jacobians(model, fisher.inputs).items():
        kinds = members.get(name, set())
        x, J = entered.double(), jacobians.double()
        products = x @ x.T * ("weight" in kinds) + ("bias" in kinds)
        weighted = torch.einsum("nor,nok->nrk", root, J).flatten(0, 1)
        kernel = (weighted @ weighted.T).reshape(count, rank, count, rank)
        kernels[name] = (
            (kernel * products[:, None, :, None] / count).reshape(2 * [count * rank]).cpu()
        )
        largest = torch.linalg.matrix_norm(J, 2)
        bounds[name] = float((products.diagonal() * largest**2).mean())
    return LayerKernels(kernels, bounds, torch.finfo(fisher.root.dtype).eps)


def _members(model: nn.Module) -> dict[str, set[str]]:
    """Kinds of the trainable parameters of every linear layer that has any."""
    linear = {name for name, each in model.named_modules() if isinstance(each, nn.Linear)}
    found: dict[str, set[str]] = {}
    others = []
    for part, _ in trainable(model):
        name, _, kind = part.rpartition(".")
        if name in linear:
            found.setdefault(name, set()).add(kind)
        else:
            others.append(part)
    if others or not found:
        raise InputError(
            f"layer_kernels: found {', '.join(others) or 'no parameters'}; linear layers' alone are needed"
        )
    return found
