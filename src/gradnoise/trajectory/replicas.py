"""Several independent runs of SGD from one start, computed together where that is faster.

Networks of linear layers are bound by the cost of starting operations, which a batched call pays once for
all replicas; convolutions are bound by their arithmetic, and their batched form is slower than one replica
after another. The choice depends on the network alone, never on a timing: results stay the same to the bit.
"""

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.optim.sgd import sgd

from gradnoise.curvature.objective import flatten, joined, trainable, unflatten
from gradnoise.errors import InputError
from gradnoise.model.loss import Loss

log = logging.getLogger(__name__)

# What two ways to the same gradient may differ by: a share of the parameter's largest, and of the model's.
OWN_ROUNDING, MODEL_ROUNDING = 1e-3, 1e-5


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
        self.original = model
        self.model, self.loss, self.step = _fast(model) if self.batched else model, loss, step
        self.proved = False
        self.position = flatten(model).repeat(count, 1)
        self.buffer = torch.zeros_like(self.position)

    def advance(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """One step of every replica on its own mini-batch; returns the mean of the mini-batches' losses, ().

        Args:
            inputs: (R, B, ...).
            targets: (R, B, ...).

        Raises:
            InputError: at the first step, where the gradient by which replicas step is not the one through the
                model's own parameters.
        """
        if not self.proved:
            self._prove(inputs[0], targets[0])
        if self.batched:
            return self._advance(self.position, self.buffer, inputs, targets)
        each = zip(self.position, self.buffer, inputs, targets, strict=True)
        return torch.stack([self._advance(*replica) for replica in each]).mean()

    def _advance(self, position: Tensor, buffer: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Step one replica, (P,), or all of them, (R, P), in place."""
        how = self.step
        loss, gradient = self._gradient(position, inputs, targets)
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
        return loss

    def _gradient(self, position: Tensor, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and gradient, zero for what the loss does not reach, of one replica or of all of them.

        The loss is a mean over samples (`Dynamics` has it checked), so that the replicas' mean loss is that of
        all their samples together: a quarter of a softmax regression's step faster than a loss for each.
        """
        parts = unflatten(self.model, position)
        leaves = {name: part.detach().requires_grad_() for name, part in parts.items()}
        if position.ndim == 1:
            loss = total = self.loss(self._outputs(leaves, inputs), targets)
        else:
            outputs = vmap(self._outputs)(leaves, inputs)
            loss = self.loss(outputs.flatten(0, 1), targets.flatten(0, 1))
            total = loss * len(position)
        gradients = torch.autograd.grad(total, list(leaves.values()), materialize_grads=True)
        flat = [part.reshape(*position.shape[:-1], -1) for part in gradients]
        return loss.detach(), torch.cat(flat, dim=-1)

    def _prove(self, inputs: Tensor, targets: Tensor) -> None:
        """Hold the gradient of a mini-batch at the start against plain autograd.

        Parameters are swapped by their names: a model or loss that reaches one in another way (a list, a
        closure) would not feel it move. And a forward that is written for one batch may not bear many.
        """
        start = flatten(self.original)
        members = [part for _, part in trainable(self.original)]
        loss = self.loss(self.original(inputs.clone()), targets)
        if not loss.requires_grad:
            raise InputError("trajectory: the loss depends on none of the trainable parameters")
        true = joined(torch.autograd.grad(loss, members, materialize_grads=True))
        if self.batched and not self._batches(start, inputs, targets, true):
            log.info("replicas step one after another: this network cannot take them together")
            self.batched, self.model = False, self.original
        _, found = self._gradient(start, inputs.clone(), targets)
        if wrong := self._differing(found, true):
            raise InputError(
                f"trajectory: the gradient of {wrong[0]} is another one when the parameters are swapped: the "
                "model or the loss reaches it past its module's attribute (a list, a closure), or draws "
                "random numbers; use the attribute, and layers in eval mode"
            )
        self.proved = True

    def _batches(self, start: Tensor, inputs: Tensor, targets: Tensor, true: Tensor) -> bool:
        """Whether two replicas that step together have the gradient that one has alone."""
        try:
            _, both = self._gradient(
                start.repeat(2, 1), torch.stack([inputs, inputs]), torch.stack([targets, targets])
            )
        except RuntimeError:  # as torch.func says that it cannot
            return False
        return not any(self._differing(found, true) for found in both)

    def _differing(self, found: Tensor, true: Tensor) -> list[str]:
        """Parameters whose gradients differ by more than rounding."""
        floor, pairs = MODEL_ROUNDING * true.abs().max(), unflatten(self.original, found)
        return [
            name
            for name, each in unflatten(self.original, true).items()
            if each.numel()
            and not (pairs[name] - each).abs().max() <= OWN_ROUNDING * each.abs().max() + floor
        ]

    def _outputs(self, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        found: Tensor = functional_call(self.model, dict(parameters), (inputs,))
        return found

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {"position": self.position, "buffer": self.buffer}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.position.copy_(state["position"])
        self.buffer.copy_(state["buffer"])


def is_batched(model: nn.Module) -> bool:
    """Whether all of a network's parameters are those of linear layers as torch has them."""
    owners = [m for m in model.modules() if any(True for _ in m.parameters(recurse=False))]
    return bool(trainable(model)) and all(_is_plain(owner) for owner in owners)


def _is_plain(module: nn.Module) -> bool:
    """Whether a module is a linear layer and nothing else: no subclass, own forward, hook or other parameter."""
    hooks = (
        module._forward_pre_hooks,
        module._forward_hooks,
        module._backward_pre_hooks,
        module._backward_hooks,
    )
    return (
        type(module) is nn.Linear
        and "forward" not in vars(module)
        and not any(hooks)
        and set(module._parameters) == {"weight", "bias"}
    )


def _fast(model: nn.Module) -> nn.Module:
    """A copy whose plain linear layers multiply in the order that batched products are fastest in."""
    model = copy.deepcopy(model)
    for module in model.modules():
        if _is_plain(module):
            module.forward = partial(_linear, module)  # type: ignore[arg-type]
    return model


def _linear(module: nn.Linear, inputs: Tensor) -> Tensor:
    # Weights times inputs: under vmap, inputs times weights would be half as fast.
    outputs = torch.matmul(module.weight, inputs.mT).mT
    return outputs if module.bias is None else outputs + module.bias
