"""Leave a model and the global random state as they were."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import nn


@contextmanager
def preserved(model: nn.Module) -> Iterator[None]:
    """Leave the model and the global random state bit-identical, whatever the block does.

    Covers parameters, buffers, `.grad`, `requires_grad`, every module's train/eval flag, and the global
    generators of torch (CPU and accelerators), numpy and Python.
    """
    parameters = [(each, each.grad, each.requires_grad) for each in model.parameters()]
    modules = [(module, dict(module._buffers), module.training) for module in model.modules()]
    tensors: list[torch.Tensor] = [each for each, _, _ in parameters]
    tensors += [grad for _, grad, _ in parameters if grad is not None]
    tensors += [each for _, buffers, _ in modules for each in buffers.values() if each is not None]
    values = [tensor.detach().clone() for tensor in tensors]
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch_states = [(torch.set_rng_state, torch.get_rng_state()), *_accelerator_states()]
    try:
        yield
    finally:
        for parameter, grad, required in parameters:
            parameter.grad = grad
            parameter.requires_grad_(required)
        for module, buffers, training in modules:
            module._buffers.update(buffers)
            module.training = training
        with torch.no_grad():
            for tensor, value in zip(tensors, values, strict=True):
                tensor.copy_(value)
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
        for restore, state in torch_states:
            restore(state)


def _accelerator_states() -> list[tuple[Callable[[torch.Tensor], None], torch.Tensor]]:
    """How to restore the generators of the accelerators in use, and their states."""
    states: list[tuple[Callable[[torch.Tensor], None], torch.Tensor]] = []
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        for index, state in enumerate(torch.cuda.get_rng_state_all()):
            states.append((partial(torch.cuda.set_rng_state, device=index), state))
    if torch.backends.mps.is_available():
        states.append((torch.mps.set_rng_state, torch.mps.get_rng_state()))
    return states
