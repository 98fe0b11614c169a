"""What is stored of one parameter, by its gradients, its noise and its moments alike. Free of torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.store.arrays import put_array
from gradnoise.store.variables import Variable

COORDINATE = Variable("coordinate", "flat index into the parameter", "1", ("coordinate",))


@dataclass(frozen=True, eq=False)
class StoredParameter:
    """What a store holds of one parameter.

    Attributes:
        coordinate: int64 (C,) flat indices into the parameter.
        directions: number of random directions, D.
        attributes: JSON-serialisable: `size` (the parameter's true number of scalars), `shape`, `layer`, ...
    """

    coordinate: NDArray[np.int64]
    directions: int
    attributes: Mapping[str, Any]

    @property
    def counts(self) -> tuple[int, int]:
        """Numbers of coordinates and of directions, C and D."""
        return self.coordinate.size, self.directions


def count_values(parameters: Mapping[str, StoredParameter]) -> int:
    """Numbers stored for each sample or batch, over all parameters."""
    return sum(sum(each.counts) for each in parameters.values())


def create_group(store: zarr.Group, name: str, parameter: StoredParameter) -> zarr.Group:
    """A parameter's group with its attributes and coordinates; where it exists it is opened as it stands."""
    group = store.require_group(name)
    group.attrs.update(parameter.attributes)
    put_array(group, COORDINATE, parameter.coordinate)
    return group
