"""Curvature of a loss without its matrix: exact products with the Hessian, and the noise along vectors.

Products are double back-propagations (Pearlmutter 1994), summed over micro-batches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

if TYPE_CHECKING:
    from gradnoise.model.loss import Loss


MICRO_BATCH = 500  # samples a pass with gradients of gradients
FORWARD_BATCH = 2000  # samples a pass without gradients


class Curvature(NamedTuple):
    """Gradient, Hessian and noise of a loss in the subspace of some vectors.

    Attributes:
        gradient: float64 (k,), mean over samples of the gradient's projections.
        hessian: float64 (k, k), V H V^T, symmetrised.
        noise_covariance: float64 (k, k), covariance over samples (divided by N) of the projections.
        noise_third_moment: float64 (k,), third central moment over samples (divided by N) of each.
    """

    gradient: NDArray[np.float64]
    hessian: NDArray[np.float64]
    noise_covariance: NDArray[np.float64]
    noise_third_moment: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Objective:
    """A mean loss over samples as a function of a model's trainable parameters.

    The model is used with its train/eval flags as they are and never changed.

    Attributes:
        model: on its device.
        loss: `loss(outputs, targets)`, the batch mean; a sample's loss is that of a batch of one.
        inputs, targets: the N samples.
        position: the trainable parameters as one float32 vector (P,), in the order of `named_parameters()`.
    """

    model: nn.Module
    loss: "Loss"
    inputs: Tensor
    targets: Tensor
    position: Tensor

    def parameters(self) -> dict[str, Tensor]:
        """The parameters at `position`, as leaves that require gradients."""
        parts = unflatten(self.model, self.position)
        return {name: part.detach().clone().requires_grad_() for name, part in parts.items()}

    def sample_losses(self, parameters: Mapping[str, Tensor], first: int, last: int) -> Tensor:
        """Every sample's own loss, (last - first,)."""
        # Fused attention cannot be differentiated twice.
        with sdpa_kernel(SDPBackend.MATH):
            outputs = functional_call(self.model, dict(parameters), (self.inputs[first:last],))
        targets = self.targets[first:last]

        def alone(output: Tensor, target: Tensor) -> Tensor:
            return self.loss(output.unsqueeze(0), target.unsqueeze(0))

        try:
            losses: Tensor = vmap(alone)(outputs, targets)
        except (RuntimeError, ValueError, TypeError):  # a loss that torch.func cannot vectorise
            losses = torch.stack([alone(*pair) for pair in zip(outputs, targets, strict=True)])
        return losses

    def micro_batches(self, size: int = MICRO_BATCH) -> list[tuple[int, int]]:
        """First sample and last + 1 of every micro-batch."""
        count = len(self.inputs)
        return [(first, min(first + size, count)) for first in range(0, count, size)]

    def value(self) -> float:
        """Mean loss at `position`, without weight decay."""
        parameters = unflatten(self.model, self.position)
        total = 0.0
        with torch.no_grad():
            for first, last in self.micro_batches(FORWARD_BATCH):
                outputs = functional_call(self.model, parameters, (self.inputs[first:last],))
                total += (last - first) * float(self.loss(outputs, self.targets[first:last]))
        return total / len(self.inputs)

    def hessian_product(self, names: Sequence[str], vector: Tensor) -> Tensor:
        """The block of the Hessian that belongs to the parameters `names`, times `vector` (size,)."""
        leaves = self.parameters()
        block = [leaves[name] for name in names]
        vectors = _like(block, vector)
        total = torch.zeros_like(vector)
        for batch in self.micro_batches():
            loss = self.sample_losses(leaves, *batch).sum()
            gradients = _with_graph(loss, block)
            total += joined(_differentiate(_dot(gradients, vectors), block))
        return total / len(self.inputs)

    def curvature(
        self, subspaces: Mapping[str, tuple[Sequence[str], Tensor]]
    ) -> dict[str, Curvature]:
        """Gradient, Hessian and per-sample noise covariance in several subspaces at once.

        With weights u_i on the samples' losses, q = v . grad sum_i u_i l_i has dq/du_i = v . grad l_i and
        dq/dtheta = H v: one backward pass gives both.

        Args:
            subspaces: name -> parameters' names and float32 (k, size) vectors over them.
        """
        leaves, count = self.parameters(), len(self.inputs)
        projections = {name: np.empty((count, len(v))) for name, (_, v) in subspaces.items()}
        hessians = {name: np.zeros((len(v), len(v))) for name, (_, v) in subspaces.items()}
        for first, last in self.micro_batches():
            # Ones that are differentiated by: their gradients are those of single samples.
            weights = torch.ones(last - first, device=self.position.device, requires_grad=True)
            loss = weights @ self.sample_losses(leaves, first, last)
            gradients = _with_graph(loss, list(leaves.values()))
            of = dict(zip(leaves, gradients, strict=True))
            for name, (members, vectors) in subspaces.items():
                block = [leaves[member] for member in members]
                own = [of[member] for member in members]
                for index, vector in enumerate(vectors):
                    slope = _dot(own, _like(block, vector))
                    along, *product = _differentiate(slope, [weights, *block])
                    projections[name][first:last, index] = along.double().cpu().numpy()
                    row = vectors @ joined(product)
                    hessians[name][index] += row.double().cpu().numpy()
        return {name: _summary(projections[name], hessians[name] / count) for name in subspaces}


def _summary(projections: NDArray[np.float64], hessian: NDArray[np.float64]) -> Curvature:
    mean = projections.mean(axis=0)
    centred = projections - mean
    covariance = centred.T @ centred / len(projections)
    return Curvature(mean, (hessian + hessian.T) / 2, covariance, (centred**3).mean(axis=0))


def flatten(model: nn.Module) -> Tensor:
    """The trainable parameters as one vector (P,), a copy."""
    return joined([part.detach() for _, part in trainable(model)])


def unflatten(model: nn.Module, vector: Tensor) -> dict[str, Tensor]:
    """Views of a vector (..., P), in the parameters' shapes (..., *shape)."""
    members = list(trainable(model))
    parts = vector.split([part.numel() for _, part in members], dim=-1)
    return {
        name: part.reshape(*vector.shape[:-1], *tensor.shape)
        for (name, tensor), part in zip(members, parts, strict=True)
    }


def joined(parts: Sequence[Tensor]) -> Tensor:
    """Tensors of a block one after another, as a vector (size,)."""
    return torch.cat([part.reshape(-1) for part in parts])


def trainable(model: nn.Module) -> list[tuple[str, Tensor]]:
    """Names and tensors of the trainable parameters."""
    return [(name, part) for name, part in model.named_parameters() if part.requires_grad]


def _like(block: Sequence[Tensor], vector: Tensor) -> list[Tensor]:
    parts = vector.split([part.numel() for part in block])
    return [part.reshape(like.shape) for part, like in zip(parts, block, strict=True)]


def _dot(gradients: Sequence[Tensor], vectors: Sequence[Tensor]) -> Tensor:
    return sum(
        ((g * v).sum() for g, v in zip(gradients, vectors, strict=True)),
        start=torch.zeros((), device=vectors[0].device),
    )


def _with_graph(loss: Tensor, block: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Gradients that can be differentiated again, zeros for what the loss does not reach."""
    return torch.autograd.grad(loss, block, create_graph=True, materialize_grads=True)


def _differentiate(value: Tensor, block: Sequence[Tensor]) -> list[Tensor]:
    """Gradients of a scalar, zeros where it does not depend on a tensor (a piecewise linear loss)."""
    if not value.requires_grad:
        return [torch.zeros_like(part) for part in block]
    found = torch.autograd.grad(value, block, retain_graph=True, allow_unused=True)
    return [
        torch.zeros_like(part) if each is None else each
        for part, each in zip(block, found, strict=True)
    ]
