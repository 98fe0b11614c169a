"""The one place that knows how results are stored: work areas, atomic publishing, Zarr and HDF5.

Nothing half-written is ever visible. A stage builds its output in a *work area*, a hidden folder beside
the output on the same file system, under an exclusive kernel lock, and publishes it with one rename. A
killed stage leaves its work area; the next run with the same settings and sources resumes there.
"""

import fcntl
import json
import logging
import os
import shutil
import socket
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec

log = logging.getLogger(__name__)

# A chunk that equals the fill value would be left out, and then look like one that was lost.
zarr.config.set({"array.write_empty_chunks": True})

# Snakemake marks every folder that a rule makes with a file of its own.
warnings.filterwarnings("ignore", "Object at .snakemake_timestamp")

COMPLETE = "complete"


class InputError(ValueError):
    """Something the user gave is wrong; the message names it, what was found and what is accepted."""


class WorkArea:
    """Exclusive and resumable place in which a stage builds its output.

    Args:
        output: the path to publish to. The work area is the hidden folder `.{name}.work` beside it.
        manifest: JSON-serialisable settings and source fingerprint. Work left by a killed stage is
            resumed where the manifest is the same, and discarded with a message where it differs.

    Attributes:
        path: folder to build in. It survives a kill until it is published.
        finished: names of the parts recorded as complete by `finish`, this run's and earlier ones'.

    Raises:
        InputError: on entry, when a live process holds the area; names its host, pid and path.
    """

    def __init__(self, output: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = output.parent / f".{output.name}.work"
        self.path = self.folder / "content"
        self.manifest = json.dumps(manifest, sort_keys=True)
        self.finished: set[str] = set()
        self._lock = -1

    def __enter__(self) -> Self:
        self._acquire()
        recorded = self.folder / "manifest.json"
        if self.path.exists():
            if recorded.exists() and recorded.read_text() == self.manifest:
                log.info("resuming the work left in %s", self.folder)
            else:
                log.warning("discarding %s: its settings or sources are not today's", self.folder)
                shutil.rmtree(self.path)
                self._journal.unlink(missing_ok=True)
        else:
            self._journal.unlink(missing_ok=True)
        # The manifest goes first: content without its own manifest is always discarded.
        write_text(recorded, self.manifest)
        self.path.mkdir(exist_ok=True)
        if self._journal.exists():
            # A line without its newline was cut by a kill: that part counts as unfinished.
            lines = self._journal.read_text().splitlines(keepends=True)
            self.finished = {line.rstrip("\n") for line in lines if line.endswith("\n")}
            write_text(self._journal, "".join(f"{part}\n" for part in sorted(self.finished)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._lock)

    @property
    def _journal(self) -> Path:
        return self.folder / "finished"

    def _acquire(self) -> None:
        name = self.folder / "lock"
        while True:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                self._lock = os.open(name, os.O_RDWR | os.O_CREAT, 0o644)
            except FileNotFoundError:
                continue  # its last holder published and removed the folder meanwhile
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(self._lock, 4096, 0).decode(errors="replace") or "another process"
                os.close(self._lock)
                raise InputError(
                    f"{self.folder} is being written by {holder}; wait for it or stop it first"
                ) from None
            # Locked a file that its last holder removed on publishing? Then the lock guards nothing.
            if name.exists() and os.path.samestat(os.fstat(self._lock), name.stat()):
                break
            os.close(self._lock)
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"host {socket.gethostname()}, pid {os.getpid()}".encode(), 0)

    def finish(self, part: str) -> None:
        """Record that `part` (one line of text) is completely written."""
        with self._journal.open("a") as journal:
            journal.write(f"{part}\n")
        self.finished.add(part)

    def publish(self, targets: Mapping[str, Path]) -> None:
        """Move each file or folder `path / name` to its target with one rename, and end the work area.

        Raises:
            FileNotFoundError: where something to publish was not written; nothing is moved then.
        """
        for name in targets:
            if not (self.path / name).exists():
                raise FileNotFoundError(f"{self.path / name} was not written")
        for name, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                replaced = self.folder / f"replaced-{name}"
                shutil.rmtree(replaced, ignore_errors=True)  # of a run killed right here
                os.rename(target, replaced)
            os.rename(self.path / name, target)
        shutil.rmtree(self.folder)


def write_text(path: Path, text: str) -> None:
    """Write a text file so that readers see the old content or the whole new one."""
    with atomic(path) as temporary:
        temporary.write_text(text)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; renamed to `path` unless an error leaves the block.

    For outputs written in one go (tables, figures, per-layer HDF5). The suffix is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def open_unfinished(path: Path) -> zarr.Group:
    """Open a store under construction, without what a kill left of a file that was being written."""
    for leftover in path.rglob("*.partial"):
        leftover.unlink()
    return zarr.open_group(path, mode="a")


def create_array(
    group: zarr.Group,
    name: str,
    shape: Sequence[int],
    chunks: Sequence[int],
    shards: Sequence[int] | None,
    dimension_names: Sequence[str],
    dtype: str = "float32",
    **attributes: Any,
) -> zarr.Array:
    """Create a Zarr v3 array with checksummed, uncompressed chunks (noise does not compress).

    `shards` are rounded up to whole chunks by the caller; None stores every chunk as a file. An array
    that is already there (a resumed work area) is opened as it stands.
    """
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
        dimension_names=list(dimension_names),
        compressors=Crc32cCodec(),
        fill_value=np.nan if np.dtype(dtype).kind == "f" else None,
        attributes=attributes,
    )


def put_array(
    group: zarr.Group, name: str, values: Any, dimension_names: Sequence[str], **attributes: Any
) -> None:
    """Store a small array in one chunk (coordinates, labels, full gradients)."""
    array = create_array(
        group,
        name,
        values.shape,
        [max(1, size) for size in values.shape],
        None,
        dimension_names,
        str(values.dtype),
        **attributes,
    )
    array[...] = values


def put_attributes(file: Any, attributes: Mapping[str, Any]) -> None:
    """Write attributes of an HDF5 file; what is no number or text is written as JSON."""
    for name, value in attributes.items():
        plain = isinstance(value, str | int | float | np.number | np.bool_)
        file.attrs[name] = value if plain else json.dumps(value)


def seal(group: zarr.Group) -> None:
    """Mark a store as complete after checking that every chunk of every array was written.

    A missing Zarr chunk reads as its fill value, silently: a store without this mark must not be read.

    Raises:
        RuntimeError: names the first array with missing chunks.
    """
    for array, found in _incomplete(group):
        raise RuntimeError(f"{group.store_path}: {array.path}: {found} chunks written")
    group.attrs[COMPLETE] = True


def open_store(path: Path, member: str = "") -> zarr.Group:
    """Open a published store for reading.

    Args:
        path: of the store.
        member: look for lost chunks in this group only (of a store with very many arrays).

    Raises:
        InputError: where it is missing, was never sealed, has no such member, or has lost chunks since.
    """
    try:
        root = zarr.open_group(path, mode="r")
    except FileNotFoundError:
        raise InputError(f"{path}: expected a Zarr store, found none") from None
    if not root.attrs.get(COMPLETE, False):
        raise InputError(f"{path}: this store was never completed; delete it and run again")
    group = root.get(member) if member else root
    if not isinstance(group, zarr.Group):
        names = ", ".join(sorted(name for name, _ in root.groups()))
        raise InputError(f"{path}: found no {member!r}; there are: {names}")
    for array, found in _incomplete(group):
        raise InputError(
            f"{path}: {array.path}: {found} chunks found; the store is damaged: delete it and run again"
        )
    return root


def _incomplete(group: zarr.Group) -> Iterator[tuple[zarr.Array, str]]:
    """Arrays below a group that lack chunks, with how many of how many there are."""
    for _, array in group.members(max_depth=None):
        if isinstance(array, zarr.Array) and array.nchunks_initialized != array.nchunks:
            yield array, f"{array.nchunks_initialized} of {array.nchunks}"
