"""How a recorded trajectory lies in its Zarr store.

Groups are subspaces (a measured parameter each, and `model` over all parameters); steps are cut into blocks, a
chunk each, that a killed stage goes on after. Torch-free, so that fits can read what it writes.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zarr
from numpy.typing import NDArray

from gradnoise.store.arrays import create_array, open_store, put_array

NAME = "trajectory.zarr"  # of the store inside the work area


BLOCK = 1000  # steps a block at most


# Standard deviations to either side of a slice of the loss: beyond every sample of a Gaussian trajectory.
SLICE_WIDTH = 6.0


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


def blocks(steps: int, snapshots: int) -> Blocks:
    """Even blocks of at most `BLOCK` steps, the same number of them between snapshots."""
    every = max(1, math.ceil(steps / snapshots / BLOCK))
    rows = math.ceil(steps / (snapshots * every))
    return Blocks(rows, math.ceil(steps / rows), every)


def create(
    store: zarr.Group, directions: Mapping[str, int], replicas: int, steps: int, rows: int
) -> None:
    """Create the empty arrays of every step; those of a killed stage are opened as they stand.

    Args:
        store: root group, in which the subspaces' groups exist.
        directions: number of directions k of every subspace.
        replicas: R.
        steps: recorded steps n.
        rows: steps a block.
    """
    along, shape, chunk = ("replica", "step"), (replicas, steps), (replicas, rows)
    create_array(store, "loss", shape, chunk, None, along, long_name="loss of the mini-batch")
    for name, count in directions.items():
        group = store[name]
        assert isinstance(group, zarr.Group)
        for field, meaning in (
            ("position", "projection of the displacement from the start, after the step"),
            ("velocity", "the same of the step itself, x(k) - x(k-1)"),
        ):
            create_array(
                group,
                field,
                (*shape, count),
                (*chunk, count),
                None,
                (*along, "direction"),
                long_name=meaning,
                units="the parameter's",
            )
        create_array(
            group,
            "squared_distance",
            shape,
            chunk,
            None,
            along,
            long_name="squared distance from the start over all of the subspace's parameters",
        )


def create_snapshots(
    store: zarr.Group, directions: Mapping[str, int], snapshots: int, batches: int
) -> None:
    """Create the empty arrays of what is measured at some steps only.

    Args:
        store: root group.
        directions: number of directions k of every subspace.
        snapshots: S.
        batches: mini-batches whose sharpness is measured at each.
    """
    one = ("snapshot", "direction", "other_direction")
    for name, count in directions.items():
        group = store[name]
        assert isinstance(group, zarr.Group)
        for field in ("hessian", "noise_covariance"):
            shape = (snapshots, count, count)
            create_array(group, field, shape, (1, count, count), None, one, "float64")
        for field in ("gradient", "noise_third_moment"):
            row = (snapshots, count)
            create_array(group, field, row, (1, count), None, one[:2], "float64")
    create_array(
        store,
        "batch_sharpness",
        (snapshots, batches),
        (1, batches),
        None,
        ("snapshot", "batch"),
        "float64",
        units="loss per squared unit",
    )
    create_array(store, "snapshot_step", (snapshots,), (1,), None, ("snapshot",), "int64")


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
    put_array(group, "eigenvalue", eigenvalue, ["direction"], units="loss per squared unit")
    put_array(group, "residual", residual, ["direction"], long_name="|Hv - lambda v| / lambda_1")


class Recorded(NamedTuple):
    """One subspace of a trajectory.

    Attributes:
        position: float32 (replicas, steps, k).
        velocity: float32 (replicas, steps, k), x(k) - x(k-1).
        squared_distance: float32 (replicas, steps).
        kind: (k,) "eigenvector", "random" or "coordinate".
        eigenvalue: float64 (k,), NaN for what is no eigenvector.
        hessian: float64 (snapshots, k, k), without weight decay.
        noise_covariance: float64 (snapshots, k, k), of a single sample's gradient.
        gradient: float64 (snapshots, k), without weight decay.
        noise_third_moment: float64 (snapshots, k), of a single sample's gradient.
        slices: what was measured along lines through the mean position, by name; empty for most subspaces.
        loss: float32 (replicas, steps), of the mini-batches.
        batch_sharpness: float64 (snapshots, batches).
        attributes: of the store and the subspace.
    """

    position: NDArray[np.float32]
    velocity: NDArray[np.float32]
    squared_distance: NDArray[np.float32]
    kind: NDArray[np.str_]
    eigenvalue: NDArray[np.float64]
    hessian: NDArray[np.float64]
    noise_covariance: NDArray[np.float64]
    gradient: NDArray[np.float64]
    noise_third_moment: NDArray[np.float64]
    slices: dict[str, NDArray[np.float64]]
    loss: NDArray[np.float32]
    batch_sharpness: NDArray[np.float64]
    attributes: dict[str, Any]


def read(path: Path, name: str) -> Recorded:
    """Read one subspace of a published store.

    Raises:
        InputError: where the store is missing, damaged or has no such subspace.
    """
    store = open_store(path)
    group: Any = open_store(path, name)[name]
    root: Any = store
    names = [key for key in group if key.startswith(("slice_", "basin_"))]
    return Recorded(
        group["position"][...],
        group["velocity"][...],
        group["squared_distance"][...],
        np.array(group.attrs["direction_kind"]),
        group["eigenvalue"][...],
        group["hessian"][...],
        group["noise_covariance"][...],
        group["gradient"][...],
        group["noise_third_moment"][...],
        {key: group[key][...] for key in names},
        root["loss"][...],
        root["batch_sharpness"][...],
        {**dict(root.attrs), **dict(group.attrs)},
    )
