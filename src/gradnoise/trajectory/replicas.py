"""Several independent runs of SGD from one start, computed together where that is faster.

Networks of linear layers are bound by the cost of starting operations, which a batched call pays once for
all replicas; convolutions are bound by their arithmetic, and their batched form is slower than one replica
after another. The choice depends on the network alone, never on a timing: results stay the same to the bit.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.optim.sgd import sgd

from gradnoise.curvature.objective import flatten, trainable, unflatten
from gradnoise.model.loss import Loss


@dataclass(frozen=True)
class Step:
    """How SGD steps, as in `torch.optim.SGD` with dampening 0.

    Attributes:
        learning_rate: the step size.
        momentum: 0 for plain SGD.
        nesterov: whether the momentum is Nesterov's.
        weight_decay: L2 penalty's coefficient, added to the gradient.
    """

    learning_rate: float
    momentum: float
    nesterov: bool
    weight_decay: float


class Replicas:
    """Positions and momenta of R replicas.

    Args:
        model: gives the network, its start and its buffers; itself never changed.
        loss: `loss(outputs, targets)`, the batch mean.
        step: how to step.
        count: number of replicas, R.
        batched: whether all replicas advance in one call; None where the network decides (`is_batched`).

    Attributes:
        position: float32 (R, P), the trainable parameters of every replica.
        buffer: float32 (R, P), the momentum buffers.
    """

    def __init__(
        self, model: nn.Module, loss: Loss, step: Step, count: int, batched: bool | None = None
    ) -> None:
        self.batched = is_batched(model) if batched is None else batched
        self.model, self.loss, self.step = _fast(model) if self.batched else model, loss, step
        self.position = flatten(model).repeat(count, 1)
        self.buffer = torch.zeros_like(self.position)

    def advance(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """One step of every replica on its own mini-batch; returns the mini-batch losses (R,).

        Args:
            inputs: (R, B, ...).
            targets: (R, B, ...).
        """
        if self.batched:
            return self._advance(self.position, self.buffer, inputs, targets)
        each = zip(self.position, self.buffer, inputs, targets, strict=True)
        return torch.stack([self._advance(*replica) for replica in each])

    def _advance(self, position: Tensor, buffer: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Step one replica, (P,), or all of them, (R, P), in place."""
        how, parts = self.step, unflatten(self.model, position)
        leaves = {name: part.detach().requires_grad_() for name, part in parts.items()}
        forward = vmap(self._loss) if position.ndim == 2 else self._loss
        losses = forward(leaves, inputs, targets)
        gradients = torch.autograd.grad(losses.sum(), list(leaves.values()))
        flat = [part.reshape(*position.shape[:-1], -1) for part in gradients]
        gradient = torch.cat(flat, dim=-1)
        # One pass over positions, gradients and momenta: it is memory that bounds the batched step.
        sgd(
            [position],
            [gradient],
            [buffer if how.momentum else None],
            fused=True,
            lr=how.learning_rate,
            momentum=how.momentum,
            dampening=0.0,
            nesterov=how.nesterov,
            weight_decay=how.weight_decay,
            maximize=False,
        )
        return losses.detach()

    def _loss(self, parameters: Mapping[str, Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        return self.loss(functional_call(self.model, dict(parameters), (inputs,)), targets)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {"position": self.position, "buffer": self.buffer}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.position.copy_(state["position"])
        self.buffer.copy_(state["buffer"])


def is_batched(model: nn.Module) -> bool:
    """Whether all of a network's parameters are those of linear layers."""
    owners = [m for m in model.modules() if any(True for _ in m.parameters(recurse=False))]
    return bool(trainable(model)) and all(isinstance(owner, nn.Linear) for owner in owners)


def _fast(model: nn.Module) -> nn.Module:
    """A copy whose linear layers multiply in the order that batched products are fastest in."""
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.forward = partial(_linear, module)  # type: ignore[method-assign]
    return model


def _linear(module: nn.Linear, inputs: Tensor) -> Tensor:
    # Weights times inputs: under vmap, inputs times weights would be half as fast.
    outputs = torch.matmul(module.weight, inputs.mT).mT
    return outputs if module.bias is None else outputs + module.bias
