"""Leave a model and the global random state as they were."""

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

# What torch itself keeps in a module's dictionary: looked after elsewhere, or never changed by a pass.
_OF_TORCH = frozenset(vars(nn.Module()))


class Kept:
    """The state of a model that a pass may change: buffers, and what its modules hold as plain attributes.

    Plain attributes are tensors, numbers, and lists, dictionaries and sets of them (a counter, a moving average, a
    bank of past outputs). Taken when made, put back as often as wanted, at the cost of copying the buffers.
    """

    def __init__(self, model: nn.Module) -> None:
        self._modules = [
            (module, dict(module._buffers), _plain(module))
            for module in model.modules()
            if not isinstance(module, torch.jit.ScriptModule)
        ]
        tensors = list(model.buffers())
        for _, buffers, plain in self._modules:
            tensors += [each for each in buffers.values() if each is not None]
            tensors += [each for value in plain.values() for each in _tensors_in(value)]
        self._contents = [_content(each) for each in {id(each): each for each in tensors}.values()]
        self._containers = [
            {name: copy.copy(value) for name, value in plain.items()}
            for _, _, plain in self._modules
        ]

    def put_back(self) -> None:
        """Make the state what it was."""
        for (module, buffers, plain), containers in zip(
            self._modules, self._containers, strict=True
        ):
            if any(module._buffers.get(name) is not each for name, each in buffers.items()):
                module._buffers.update(buffers)
            held = vars(module)
            for name in [name for name in held if name not in plain and name not in _OF_TORCH]:
                del held[name]
            for name, value in plain.items():
                _refill(value, containers[name])
                held[name] = value
        for restore in self._contents:
            restore()


@contextmanager
def preserved(model: nn.Module) -> Iterator[Kept]:
    """Leave the model and the global random state bit-identical, whatever the block does.

    Covers parameters, buffers, `.grad`, `requires_grad`, every module's train/eval flag and plain attributes, and
    the global generators of torch (CPU and accelerators), numpy and Python. Yields the model's state, so that the
    block can put it back before every pass.
    """
    kept = Kept(model)
    parameters = [(each, each.grad, each.requires_grad) for each in model.parameters()]
    flags = [(module, module.training) for module in model.modules()]
    tensors: list[torch.Tensor] = [each for each, _, _ in parameters]
    tensors += [grad for _, grad, _ in parameters if grad is not None]
    contents = [_content(each) for each in tensors]
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch_states = [(torch.set_rng_state, torch.get_rng_state()), *_accelerator_states()]
    try:
        yield kept
    finally:
        for parameter, grad, required in parameters:
            parameter.grad = grad
            if parameter.requires_grad != required:
                parameter.requires_grad_(required)
        for module, training in flags:
            module.training = training
        for restore in contents:
            restore()
        kept.put_back()
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
        for restore_state, state in torch_states:
            restore_state(state)


def _plain(module: nn.Module) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if name not in _OF_TORCH}


def _tensors_in(value: Any) -> list[torch.Tensor]:
    """A plain attribute's tensors: itself, or those in a list, a tuple or a dictionary."""
    if isinstance(value, dict):
        value = list(value.values())
    parts = value if isinstance(value, list | tuple) else [value]
    return [
        part
        for part in parts
        if isinstance(part, torch.Tensor) and not isinstance(part, nn.Parameter)
    ]


def _refill(value: Any, content: Any) -> None:
    """Give a container the members that it had."""
    if isinstance(value, list):
        value[:] = content
    elif isinstance(value, dict | set):
        value.clear()
        value.update(content)


def _content(tensor: torch.Tensor) -> Callable[[], Any]:
    """How to give a tensor the content that it has now."""
    if is_lazy(tensor):
        return lambda: None
    detached = tensor.detach()
    if detached.layout is not torch.strided:
        return partial(detached.copy_, detached.clone())
    # Of the memory itself: several elements of an expanded tensor share one place, and cannot be assigned to.
    storage = detached.untyped_storage()
    return partial(storage.copy_, storage.clone())


def _accelerator_states() -> list[tuple[Callable[[torch.Tensor], None], torch.Tensor]]:
    """How to restore the generators of the accelerators in use, and their states."""
    states: list[tuple[Callable[[torch.Tensor], None], torch.Tensor]] = []
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        for index, state in enumerate(torch.cuda.get_rng_state_all()):
            states.append((partial(torch.cuda.set_rng_state, device=index), state))
    if torch.backends.mps.is_available():
        states.append((torch.mps.set_rng_state, torch.mps.get_rng_state()))
    return states
