"""Where a stage builds its output: exclusive, resumable, published with one rename.

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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gradnoise.errors import InputError

log = logging.getLogger(__name__)


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
