"""Which coordinates and random directions of a model's parameters are measured."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gradnoise.draws.streams import Stream, generator
from gradnoise.errors import InputError, refuse_masks, whole
from gradnoise.gradients import directions as random_directions
from gradnoise.gradients.directions import Directions
from gradnoise.gradients.parameters import StoredParameter
from gradnoise.model import factory


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
            has no more); or, for the parameters named and no others, flat indices or a boolean mask of the
            parameter's size.
        directions: number of random directions per parameter, 0 for none.
        seed: experiment seed.
        names: restricts to these parameters.

    Raises:
        InputError: for an unknown parameter, what is no index into it, or no whole number above 0.
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
        return _given(name, size, coordinates[name])
    if coordinates is None or whole("coordinates", coordinates) >= size:
        return np.arange(size)
    # A generator of the parameter's own name: what else is selected changes nothing. Sorted, a block of
    # chosen coordinates is a block of the layer.
    drawn = generator(seed, Stream.COORDINATES, name).choice(size, coordinates, replace=False)
    return np.sort(drawn)


def _given(name: str, size: int, coordinates: Any) -> NDArray[np.int64]:
    """Flat indices as given, or those where a mask is true."""
    refuse_masks(f"coordinates of {name}", coordinates)
    on_cpu = coordinates.cpu() if isinstance(coordinates, torch.Tensor) else coordinates
    given = np.asarray(on_cpu)
    if given.dtype == bool and given.size == size:
        given = np.flatnonzero(given)
    accepted = given.dtype.kind in "iu" and given.ndim > 0 and given.size > 0
    if not accepted or given.min() < 0 or given.max() >= size:
        raise InputError(
            f"coordinates of {name}: found {coordinates}; accepted are one or more "
            f"flat indices from 0 to {size - 1}, or a boolean mask of {size} values"
        )
    return given.astype(np.int64).reshape(-1)


def stored_parameters(
    model: nn.Module, selections: Mapping[str, Selection]
) -> dict[str, StoredParameter]:
    """What a store holds of every selected parameter, in the order of the selections."""
    described = {each.name: {**asdict(each), "size": each.size} for each in factory.describe(model)}
    return {
        name: StoredParameter(each.coordinates, each.direction_count, described[name])
        for name, each in selections.items()
    }


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
        return chosen, gradients.new_empty((len(gradients), 0))
    return chosen, random_directions.project(selection.directions, gradients)


@lru_cache(maxsize=1024)
def device_coordinates(selection: Selection, device: torch.device) -> torch.Tensor | None:
    """The coordinates as a tensor of a device, copied once; None for all of them in order."""
    if np.array_equal(selection.coordinates, np.arange(selection.size)):
        return None
    return torch.from_numpy(selection.coordinates).to(device)
