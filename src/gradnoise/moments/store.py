"""Moments of the per-sample gradient of every parameter in a Zarr store. Free of torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.gradients.parameters import COORDINATE, StoredParameter, create_group
from gradnoise.store.arrays import open_store, put_array
from gradnoise.store.variables import GRADIENT_UNITS, Variable

NAME = "moments.zarr"  # of the store inside the work area


def _moment(name: str, long_name: str, power: int) -> Variable:
    units = GRADIENT_UNITS if power == 1 else f"({GRADIENT_UNITS})^{power}"
    return Variable(name, f"{long_name} of the per-sample gradient", units, ("coordinate",))


# Named as in `central_powers.Moments`, in its order.
MOMENTS = (
    _moment("mean", "mean over all samples", 1),
    _moment("variance", "variance", 2),
    _moment("third_absolute", "third absolute central moment", 3),
    _moment("third", "third central moment", 3),
    _moment("fourth", "fourth central moment", 4),
)

ARRAYS = {"{parameter}": (COORDINATE, *MOMENTS)}


def put_moments(
    store: zarr.Group,
    name: str,
    parameter: StoredParameter,
    moments: Sequence[NDArray[np.float64]],
) -> None:
    """Write one parameter's moments, float64 (C,) each, in the order of `MOMENTS`."""
    group = create_group(store, name, parameter)
    for variable, values in zip(MOMENTS, moments, strict=True):
        put_array(group, variable, values)


def read_moments(
    path: Path, parameter: str
) -> tuple[dict[str, NDArray[np.float64]], dict[str, Any]]:
    """One parameter's moments by name, none where there are none; and the store's attributes.

    Raises:
        InputError: where the store is missing or incomplete.
    """
    root = open_store(path, parameter, needed=False)
    group = root.get(parameter)
    found = {}
    if isinstance(group, zarr.Group):
        arrays: dict[str, Any] = dict(group.arrays())
        found = {each.name: arrays[each.name][...] for each in MOMENTS}
    return found, root.attrs.asdict()
