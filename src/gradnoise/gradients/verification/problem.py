"""A model and its loss, differentiated plainly and left as they were."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map

from gradnoise.errors import InputError
from gradnoise.model.loss import Loss
from gradnoise.model.preservation import Kept


class DependentError(InputError):
    """A sample's gradient does not exist: what it is depends on its batch mates, or on the pass."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A model, its loss, and how to put the model back before every pass."""

    model: nn.Module
    loss: Loss
    kept: Kept

    @cached_property
    def parameters(self) -> dict[str, nn.Parameter]:
        """By name; looked up once, since a walk through all modules costs as much as a small layer."""
        return dict(self.model.named_parameters())

    def fresh(self, samples: torch.Tensor) -> torch.Tensor:
        """The model as it was, and a copy of the samples that it may change."""
        self.kept.put_back()
        return samples.clone()

    def outputs(self, inputs: torch.Tensor) -> Any:
        """One forward pass of the model as it was."""
        return self.model(self.fresh(inputs))


def gradient_alone(
    problem: Problem, inputs: torch.Tensor, targets: torch.Tensor, sample: int, names: list[str]
) -> dict[str, torch.Tensor]:
    """Gradient of the loss of one sample as a batch of one."""
    named = problem.parameters
    parameters = [named[name] for name in names]
    one = slice(sample, sample + 1)
    with asking(parameters):
        value = problem.loss(problem.outputs(inputs[one]), targets[one])
        if not value.requires_grad:
            return {name: torch.zeros_like(named[name]) for name in names}
        gradients = torch.autograd.grad(value, parameters, materialize_grads=True)
    return dict(zip(names, gradients, strict=True))


@contextmanager
def asking(parameters: Sequence[torch.Tensor]) -> Iterator[None]:
    """Let parameters ask for gradients meanwhile, in the precision of the model, wherever this is called from."""
    required = [parameter.requires_grad for parameter in parameters]
    try:
        for parameter in parameters:
            parameter.requires_grad_(True)
        with torch.enable_grad():
            yield
    finally:
        for parameter, require in zip(parameters, required, strict=True):
            parameter.requires_grad_(require)


@contextmanager
def measuring() -> Iterator[None]:
    """Differentiate, and compute in the model's own precision and by its modules, wherever this is called from."""
    kinds = {"cpu", *(("cuda",) if torch.cuda.is_available() else ())}
    with ExitStack() as stack:
        # Without gradients, torch computes transformer blocks by one operation, which calls no module.
        stack.callback(
            torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled()
        )
        torch.backends.mha.set_fastpath_enabled(False)
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        for kind in kinds:
            stack.enter_context(torch.autocast(kind, enabled=False))
        yield


def detached(outputs: Any) -> Any:
    """The same tensors without their history."""
    return tree_map(lambda part: part.detach() if isinstance(part, torch.Tensor) else part, outputs)


def dense(gradient: torch.Tensor) -> torch.Tensor:
    """A gradient that a sparse layer (an embedding) gives, with its zeros."""
    return gradient.to_dense() if gradient.is_sparse else gradient


def norms(tensors: Mapping[str, torch.Tensor]) -> dict[str, float]:
    """Euclidean norms, with one transfer from the device for all."""
    found = [torch.linalg.vector_norm(each).double() for each in tensors.values()]
    return dict(zip(tensors, torch.stack(found).tolist(), strict=True))
