"""Zarr stores: created, sealed when complete, and never read otherwise.

Snakemake leaves a file `.snakemake_timestamp` in every folder that a rule makes; its source knows no setting
against that. Whoever lists such a folder is warned by Zarr of a file that is no part of a store. A sealed
store says at its root what it holds (consolidated metadata), so that neither our readers nor xarray list it.
"""

import json
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec

from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.store.variables import Variable
from gradnoise.store.whole import write_text

log = logging.getLogger(__name__)


# A chunk that equals the fill value would be left out, and then look like one that was lost.
zarr.config.set({"array.write_empty_chunks": True})


COMPLETE = "complete"


def open_unfinished(path: Path) -> zarr.Group:
    """Open a store under construction, without what a kill left of a file that was being written, or of a seal."""
    for leftover in path.rglob("*.partial"):
        leftover.unlink()
    root = path / checksums.STORE
    if root.exists():
        metadata = json.loads(root.read_text())
        sealed = (
            metadata.pop("consolidated_metadata", None),
            metadata["attributes"].pop(COMPLETE, None),
        )
        if any(sealed):
            write_text(root, json.dumps(metadata, indent=2))
    return zarr.open_group(path, mode="a")


def create_array(
    group: zarr.Group,
    variable: Variable,
    shape: Sequence[int],
    chunks: Sequence[int],
    shards: Sequence[int] | None = None,
    dtype: str = "float32",
) -> zarr.Array:
    """Create a Zarr v3 array with checksummed, uncompressed chunks (noise does not compress).

    Its dimension names, `units` and `long_name` are the variable's. An array that is already there (a resumed
    work area) is opened as it stands.

    Args:
        group: to create it in.
        variable: what it is.
        shape, chunks: of the array.
        shards: rounded up to whole chunks by the caller; None stores every chunk as a file.
        dtype: of the values; floats that were never written read as NaN.

    Raises:
        ValueError: where the shape has other than the declared dimensions, or two dimensions share a name,
            which xarray refuses.
    """
    name, names = variable.name, variable.dimensions
    if len(shape) != len(names) or len(set(names)) < len(names):
        raise ValueError(f"{name}: shape {tuple(shape)} along dimensions {names}")
    if name in group:
        array = group[name]
        assert isinstance(array, zarr.Array)
        return array
    return group.create_array(
        name,
        shape=tuple(shape),
        chunks=tuple(chunks),
        shards=None if shards is None else tuple(shards),
        dtype=dtype,
        dimension_names=list(names),
        compressors=Crc32cCodec(),
        fill_value=np.nan if np.dtype(dtype).kind == "f" else None,
        attributes={"units": variable.units, "long_name": variable.long_name},
    )


def put_array(group: zarr.Group, variable: Variable, values: Any) -> None:
    """Store a small array in one chunk (coordinates, labels, full gradients)."""
    chunk = [max(1, size) for size in values.shape]
    array = create_array(group, variable, values.shape, chunk, dtype=str(values.dtype))
    array[...] = values


def seal(group: zarr.Group) -> None:
    """Mark a store as complete after checking that every shard of every array was written.

    A missing Zarr chunk reads as its fill value, silently: a store without this mark must not be read.

    Raises:
        RuntimeError: names the first array with missing shards (chunks, where it has no shards).
    """
    for array, found in _incomplete(group):
        raise RuntimeError(f"{group.store_path}: {array.path}: {found} written")
    group.attrs[COMPLETE] = True
    with warnings.catch_warnings():
        # Zarr says that this is an addition to its format. Readers that do not know it list the folder.
        warnings.filterwarnings("ignore", "Consolidated metadata")
        zarr.consolidate_metadata(group.store, path=group.path)


def open_store(path: Path, member: str = "", *, needed: bool = True) -> zarr.Group:
    """Open a published store for reading.

    Args:
        path: of the store.
        member: look for damage in this group only (of a store with very many arrays).
        needed: whether the store must have that group.

    Raises:
        InputError: where it is missing, was never sealed, has no such member, or has lost chunks since.
    """
    checksums.verify_store(path, member)
    try:
        root = _root(str(path), checksums.state_of(path / checksums.STORE))
    except FileNotFoundError:
        raise InputError(f"{path}: expected a Zarr store, found none") from None
    if not root.attrs.get(COMPLETE, False):
        raise InputError(f"{path}: this store was never completed; delete it and run again")
    group = root.get(member) if member else root
    if group is None and not needed:
        return root
    if not isinstance(group, zarr.Group):
        names = ", ".join(sorted(name for name, _ in root.groups()))
        raise InputError(f"{path}: found no {member!r}; there are: {names}")
    # A list of checksums, which copies elsewhere may lack, has told of lost chunks already.
    for array, found in () if (path / checksums.LIST).exists() else _incomplete(group):
        raise InputError(
            f"{path}: {array.path}: {found} found; the store is damaged: delete it and run again"
        )
    return root


@lru_cache(maxsize=64)
def _root(path: str, _state: tuple[int, ...]) -> zarr.Group:
    # What consolidated metadata say of a network's layers takes long to read: once for all layers of a job.
    return zarr.open_group(path, mode="r")


def _incomplete(group: zarr.Group) -> Iterator[tuple[zarr.Array, str]]:
    """Arrays below a group that lack shards or chunks, with how many of how many there are."""
    for _, array in group.members(max_depth=None):
        if isinstance(array, zarr.Array):
            part = array.shards or array.chunks
            expected = math.prod(
                -(-size // each) for size, each in zip(array.shape, part, strict=True)
            )
            # Zarr counts a stored shard as all its chunks, of the last ones also those beyond the array.
            inside = math.prod(
                each // chunk for each, chunk in zip(part, array.chunks, strict=True)
            )
            stored = array.nchunks_initialized // inside
            if stored != expected:
                yield array, f"{stored} of {expected} {'shards' if array.shards else 'chunks'}"
