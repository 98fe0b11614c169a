"""Which coordinates and random directions of a model's parameters are measured, and how to leave it as it was."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gradnoise import directions as random_directions
from gradnoise.directions import Directions
from gradnoise.draws import Stream, generator
from gradnoise.store import InputError


@dataclass(frozen=True, eq=False)
class Selection:
    """What is measured of one parameter.

    Attributes:
        name: as in `named_parameters()`.
        shape: of the parameter.
        size: its number of coordinates, d.
        coordinates: int64 (C,) flat indices; ascending, unless the caller gave them in another order.
        directions: D random directions over all d coordinates, or None.
    """

    name: str
    shape: tuple[int, ...]
    size: int
    coordinates: NDArray[np.int64]
    directions: Directions | None

    @property
    def direction_count(self) -> int:
        """Number of directions D, 0 without any."""
        return 0 if self.directions is None else self.directions.count


def select(
    parameters: Mapping[str, torch.Tensor],
    coordinates: int | Mapping[str, Sequence[int]] | None,
    directions: int,
    seed: int,
    names: Sequence[str] | None = None,
) -> dict[str, Selection]:
    """Choose coordinates and directions, the same for the same seed whatever else is selected.

    Args:
        parameters: name to tensor, as from `dict(model.named_parameters())`.
        coordinates: None for all; a number, drawn without replacement in every parameter (all, where it
            has no more); or flat indices for the parameters named, and no others.
        directions: number of random directions per parameter, 0 for none.
        seed: experiment seed.
        names: restricts to these parameters.

    Raises:
        InputError: for an unknown parameter, an index outside it, or a number below 1.
    """
    wanted = list(parameters) if names is None else list(names)
    if isinstance(coordinates, Mapping):
        wanted = [name for name in coordinates if names is None or name in names]
    unknown = [name for name in wanted if name not in parameters]
    if unknown:
        raise InputError(f"unknown parameter {unknown[0]!r}; the model has {', '.join(parameters)}")
    selections = {}
    for name in wanted:
        tensor = parameters[name]
        selections[name] = Selection(
            name,
            tuple(tensor.shape),
            tensor.numel(),
            _indices(name, tensor.numel(), coordinates, seed),
            random_directions.draw(name, tensor.shape, directions, seed) if directions else None,
        )
    return selections


def _indices(
    name: str, size: int, coordinates: int | Mapping[str, Sequence[int]] | None, seed: int
) -> NDArray[np.int64]:
    if isinstance(coordinates, Mapping):
        given = np.asarray(coordinates[name], np.int64).reshape(-1)
        if given.size == 0 or given.min() < 0 or given.max() >= size:
            raise InputError(
                f"coordinates of {name}: found {coordinates[name]}; accepted are one or more "
                f"flat indices from 0 to {size - 1}"
            )
        return given
    if coordinates is not None and coordinates < 1:
        raise InputError(f"coordinates: found {coordinates}; accepted are None or a number above 0")
    if coordinates is None or coordinates >= size:
        return np.arange(size)
    drawn = generator(seed, Stream.COORDINATES, name).choice(size, coordinates, replace=False)
    return np.sort(drawn)


def project(selection: Selection, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Chosen coordinates and projections of one gradient.

    Args:
        selection: of one parameter.
        gradient: float32, in the parameter's shape, on any device.

    Returns:
        float32 (C,) and (D,), on the gradient's device.
    """
    chosen, projected = project_rows(selection, gradient.reshape(1, -1))
    return chosen[0], projected[0]


def project_rows(
    selection: Selection, gradients: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same for many flattened gradients (n, size): float32 (n, C) and (n, D)."""
    gradients = gradients.detach()
    indices = device_coordinates(selection, gradients.device)
    chosen = gradients if indices is None else gradients.index_select(1, indices)
    if selection.directions is None:
        return chosen, gradients.new_empty(len(gradients), 0)
    return chosen, random_directions.project(selection.directions, gradients)


@lru_cache(maxsize=1024)
def device_coordinates(selection: Selection, device: torch.device) -> torch.Tensor | None:
    """The coordinates as a tensor of a device, copied once; None for all of them in order."""
    if np.array_equal(selection.coordinates, np.arange(selection.size)):
        return None
    return torch.from_numpy(selection.coordinates).to(device)


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


def batch_dependence(model: nn.Module) -> str | None:
    """Say why a sample's gradient depends on its batch mates or is drawn anew each time, else None.

    Knows the modules of torch; what a model does in its own code is found by probing its gradients.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and (
            module.training or module.running_mean is None
        ):
            return f"{name} ({type(module).__name__}) normalises by the statistics of the batch"
        dropout = (
            getattr(module, "p", 0) if isinstance(module, nn.modules.dropout._DropoutNd) else 0
        )
        if isinstance(module, nn.RNNBase | nn.MultiheadAttention):
            dropout = module.dropout
        if module.training and (dropout or isinstance(module, nn.RReLU)):
            return f"{name} ({type(module).__name__}) draws at random in every pass"
    return None
