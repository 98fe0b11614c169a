"""The Zarr store of a recorded trajectory, written and read. No torch: fits read what it holds.

Groups are subspaces (a measured parameter each, and `model` over all parameters). Steps are cut into blocks, a
chunk each, that a killed stage goes on after.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.store.arrays import create_array, open_store, put_array
from gradnoise.store.variables import GRADIENT_UNITS, Variable
from gradnoise.trajectory.names import MODEL

NAME = "trajectory.zarr"  # of the store inside the work area

BLOCK = 1000  # steps a block at most

# Standard deviations to either side of a slice of the loss: beyond every sample of a Gaussian trajectory.
SLICE_WIDTH = 6.0

LENGTH = "unit of the parameter"
CURVATURE = "loss per squared unit of the parameter"

_STEPS = ("replica", "step", "direction")
_SNAPSHOTS = ("snapshot", "direction", "other_direction")

ROOT = (
    Variable(
        "batch_sharpness",
        "curvature of mini-batch losses along their own gradients",
        CURVATURE,
        ("snapshot", "batch"),
    ),
    Variable("snapshot_step", "recorded steps before the snapshot", "steps", ("snapshot",)),
)

RECORDED = (
    Variable("position", "displacement from the start, after the step", LENGTH, _STEPS),
    Variable("velocity", "the step itself, x(k) - x(k-1)", LENGTH, _STEPS),
    Variable("hessian", "Hessian, without weight decay", CURVATURE, _SNAPSHOTS),
    Variable(
        "noise_covariance",
        "covariance of a single sample's gradient",
        f"({GRADIENT_UNITS})^2",
        _SNAPSHOTS,
    ),
    Variable(
        "gradient", "mean gradient, without weight decay", GRADIENT_UNITS, ("snapshot", "direction")
    ),
    Variable(
        "noise_third_moment",
        "third central moment of a single sample's gradient",
        f"({GRADIENT_UNITS})^3",
        ("snapshot", "direction"),
    ),
)

DIRECTIONS = (
    Variable("eigenvalue", "of the Hessian; NaN for others", CURVATURE, ("direction",)),
    Variable("residual", "|H v - lambda v| / lambda_1; NaN for others", "1", ("direction",)),
)

# Lines through the mean position: along eigenvectors, and further out along principal directions.
SLICES = (
    Variable(
        "slice_distance",
        "distance from the mean position along an eigenvector",
        LENGTH,
        ("line", "slice_point"),
    ),
    Variable("slice_loss", "loss there, with weight decay", "loss", ("line", "slice_point")),
    Variable(
        "basin_distance",
        "distance from the mean position along a principal direction",
        LENGTH,
        ("line", "basin_point"),
    ),
    Variable("basin_loss", "loss there, with weight decay", "loss", ("line", "basin_point")),
    Variable(
        "basin_variance",
        "variance of all replicas along a principal direction",
        f"({LENGTH})^2",
        ("line",),
    ),
)

ARRAYS = {"": ROOT, "{subspace}": (*RECORDED, *DIRECTIONS), MODEL: SLICES}

_TYPES = {"position": "float32", "velocity": "float32", "snapshot_step": "int64"}


class Blocks(NamedTuple):
    """How the steps are cut.

    Attributes:
        rows: recorded steps a block.
        number: of recorded blocks.
        every: blocks between two snapshots of the curvature.
    """

    rows: int
    number: int
    every: int

    @property
    def snapshots(self) -> int:
        """Number of snapshots; the last may follow after fewer blocks."""
        return -(-self.number // self.every)


def blocks(steps: int, snapshots: int) -> Blocks:
    """Even blocks of at most `BLOCK` steps, the same number of them between snapshots.

    >>> blocks(5000, snapshots=2)
    Blocks(rows=834, number=6, every=3)
    """
    every = max(1, math.ceil(steps / snapshots / BLOCK))
    rows = math.ceil(steps / (snapshots * every))
    return Blocks(rows, math.ceil(steps / rows), every)


def create(
    store: zarr.Group,
    directions: Mapping[str, int],
    replicas: int,
    steps: int,
    cut: Blocks,
    batches: int,
) -> None:
    """Create the empty arrays of steps and snapshots; those of a killed stage are opened as they stand.

    Args:
        store: root group, in which the subspaces' groups exist.
        directions: number of directions k of every subspace.
        replicas: R.
        steps: recorded steps n.
        cut: of the steps.
        batches: mini-batches whose sharpness is measured at each snapshot.
    """
    sizes = {"replica": replicas, "step": steps, "snapshot": cut.snapshots, "batch": batches}
    chunks = {"step": cut.rows, "snapshot": 1}  # the others are whole

    def create_all(group: Any, variables: tuple[Variable, ...]) -> None:
        for variable in variables:
            shape = [sizes[name] for name in variable.dimensions]
            chunk = [chunks.get(name, sizes[name]) for name in variable.dimensions]
            dtype = _TYPES.get(variable.name, "float64")
            create_array(group, variable, shape, chunk, dtype=dtype)

    create_all(store, ROOT)
    for name, count in directions.items():
        sizes |= {"direction": count, "other_direction": count}
        create_all(store[name], RECORDED)


def put_subspace(
    store: zarr.Group,
    name: str,
    eigenvalue: NDArray[np.float64],
    residual: NDArray[np.float64],
    attributes: Mapping[str, Any],
) -> None:
    """Create a subspace's group: what its directions are."""
    group = store.require_group(name)
    group.attrs.update(dict(attributes))
    for variable, values in zip(DIRECTIONS, (eigenvalue, residual), strict=True):
        put_array(group, variable, values)


def put_slices(store: zarr.Group, slices: Mapping[str, NDArray[np.float64]]) -> None:
    """Store what was measured along lines through the mean position, by name."""
    group: Any = store[MODEL]
    for variable in SLICES:
        put_array(group, variable, slices[variable.name])


class Recorded(NamedTuple):
    """One subspace of a trajectory.

    Attributes:
        position: float32 (replicas, steps, k).
        velocity: float32 (replicas, steps, k), x(k) - x(k-1).
        kind: (k,) "eigenvector", "random" or "coordinate".
        eigenvalue: float64 (k,), NaN for what is no eigenvector.
        hessian: float64 (snapshots, k, k), without weight decay.
        noise_covariance: float64 (snapshots, k, k), of a single sample's gradient.
        gradient: float64 (snapshots, k), without weight decay.
        noise_third_moment: float64 (snapshots, k), of a single sample's gradient.
        slices: what was measured along lines through the mean position, by name; empty for most subspaces.
        batch_sharpness: float64 (snapshots, batches).
        attributes: of the store and the subspace.
    """

    position: NDArray[np.float32]
    velocity: NDArray[np.float32]
    kind: NDArray[np.str_]
    eigenvalue: NDArray[np.float64]
    hessian: NDArray[np.float64]
    noise_covariance: NDArray[np.float64]
    gradient: NDArray[np.float64]
    noise_third_moment: NDArray[np.float64]
    slices: dict[str, NDArray[np.float64]]
    batch_sharpness: NDArray[np.float64]
    attributes: dict[str, Any]


def read(path: Path, name: str) -> Recorded:
    """Read one subspace of a published store.

    Raises:
        InputError: where the store is missing, damaged or has no such subspace.
    """
    open_store(path, name)  # names the subspaces that there are
    store: Any = open_store(path)
    group = store[name]
    fields = [variable.name for variable in (*RECORDED, DIRECTIONS[0])]
    # In declared order: a group lists its members in another one from time to time.
    slices = [variable.name for variable in SLICES if variable.name in group]
    return Recorded(
        **{field: group[field][...] for field in fields},
        kind=np.array(group.attrs["direction_kind"]),
        slices={key: group[key][...] for key in slices},
        batch_sharpness=store["batch_sharpness"][...],
        attributes={**dict(store.attrs), **dict(group.attrs)},
    )
