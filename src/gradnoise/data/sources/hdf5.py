"""The user's data sets in an HDF5 file, and whether all that they promise is there."""

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gradnoise.errors import InputError

PARTS = ("inputs", "targets")
GROUPS = (("train", ""), ("test", "test_"))


def hdf5_arrays(path: Path, file: Any) -> dict[str, Any]:
    """Data sets of an open file under flat names: `test/inputs` is `test_inputs`.

    Raises:
        InputError: for a name that stands twice, is no data set, leads nowhere, or a data set without all of its
            values.
    """
    places = {name: name for name in ("classes", *(p + part for _, p in GROUPS for part in PARTS))}
    found = {name: place for name, place in places.items() if place in file}
    _require_reachable(path, file, [*places, *(group for group, _ in GROUPS)])
    for group, prefix in GROUPS:
        if group not in file:
            continue
        if not hasattr(file[group], "items"):
            raise InputError(f"{path}: found {group} to be a data set; expected a group")
        _require_reachable(path, file[group], PARTS)
        for part in (part for part in PARTS if part in file[group]):
            if prefix + part in found:
                raise InputError(
                    f"{path}: found both {prefix + part} and {group}/{part}; expected one of them"
                )
            found[prefix + part] = f"{group}/{part}"
    for place in found.values():
        _require_whole(path, place, file[place])
    # A name that is no text, as in a damaged file, comes as bytes.
    others = {str(name): item for name, item in file.items() if hasattr(item, "shape")}
    return others | {name: file[place] for name, place in found.items()}


def _require_reachable(path: Path, group: Any, names: Iterable[str]) -> None:
    present = set(group)  # names of links, those that lead nowhere among them
    for name in names:
        if name in present and group.get(name) is None:
            raise InputError(
                f"{path}: found {name} in {group.name} to be a link that leads nowhere; expected what it points to"
            )


def _require_whole(path: Path, place: str, item: Any) -> None:
    """HDF5 reads zeros, without a word, for what was never written or whose source is gone."""
    if getattr(item, "shape", None) is None:
        kind = "a data set without values" if hasattr(item, "shape") else "a group or type"
        raise InputError(f"{path}: found {place} to be {kind}; expected a data set of samples")
    if {"scale_factor", "add_offset"} & set(item.attrs):
        raise InputError(
            f"{path}: found {place} packed by scale_factor and add_offset; expected plain values: unpack them"
        )
    if item.is_virtual:
        _require_sources(path, place, item)
    elif item.external:
        _require_external(path, place, item)
    elif item.chunks:
        expected = math.prod(
            -(-size // chunk) for size, chunk in zip(item.shape, item.chunks, strict=True)
        )
        if item.id.get_num_chunks() < expected:
            raise InputError(
                f"{path}: found {item.id.get_num_chunks()} of {expected} chunks of {place} written; expected all: "
                "write the file again"
            )
    elif item.size and not item.id.get_storage_size():
        raise InputError(f"{path}: found {place} never written; expected its values")


def _require_sources(path: Path, place: str, item: Any) -> None:
    import h5py

    mapped = 0
    for source in item.virtual_sources():
        mapped += source.vspace.get_select_npoints()
        places = [path.parent / source.file_name, Path(source.file_name)]
        prefix = os.environ.get("HDF5_VDS_PREFIX")
        if prefix:
            places.insert(0, Path(prefix) / source.file_name)
        own = source.file_name == "."
        name = path if own else next((there for there in places if there.is_file()), None)
        if name is None:
            raise InputError(
                f"{path}: found {place} to be a view of {source.file_name}, which is missing; expected every "
                "source beside the file"
            )
        with h5py.File(name, "r") as file:
            if source.dset_name not in file:
                raise InputError(
                    f"{path}: found {place} to be a view of {source.dset_name} in {name}, which has none"
                )
            given = file[source.dset_name]
            wanted = source.vspace.get_select_npoints()
            if source.src_space.get_select_type() == h5py.h5s.SEL_ALL:
                fits = given.size >= wanted
            else:
                _, last = source.src_space.get_select_bounds()
                fits = all(end < size for end, size in zip(last, given.shape, strict=True))
            if not fits:
                raise InputError(
                    f"{path}: found {place} to be a view of {wanted} values of {source.dset_name} in {name}, whose "
                    f"shape is {given.shape}; expected all of them there"
                )
            _require_whole(name, source.dset_name, given)
    if mapped < item.size:
        raise InputError(
            f"{path}: found sources for {mapped} of the {item.size} values of {place}; expected all"
        )


def _require_external(path: Path, place: str, item: Any) -> None:
    held = 0
    for name, offset, size in item.external:
        there = Path(name)
        if not there.is_file():
            raise InputError(
                f"{path}: found the values of {place} in {name}, which is missing; expected that file"
            )
        held += max(0, min(size, there.stat().st_size - offset))
    needed = item.size * item.dtype.itemsize
    if held < needed:
        raise InputError(
            f"{path}: found {held} bytes of {place} in its external files; expected {needed}"
        )
