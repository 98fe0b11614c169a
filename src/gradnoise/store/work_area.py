"""Where a stage builds its output: exclusive, resumable, published with one rename.

Nothing half-written is ever visible. A stage builds its output in a *work area*, a hidden folder beside
the output on the same file system, under an exclusive kernel lock, and publishes it with one rename. A
killed stage leaves its work area; the next run with the same settings and sources resumes there.
What was published is kept for a second attempt (`store.kept`), and shared with other workflows (`store.shared`).
"""

import fcntl
import json
import logging
import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.store.kept import MANIFEST, Kept, discard
from gradnoise.store.shared import Shared
from gradnoise.store.whole import write_beside, write_text

log = logging.getLogger(__name__)


class WorkArea:
    """Exclusive and resumable place in which a stage builds its output.

    Args:
        output: what it is named after. The work area is the hidden folder `.{name}.work` beside it.
        manifest: JSON-serialisable: settings, source fingerprint, inputs. Work left by a killed stage is
            resumed where the manifest is the same, and discarded with a message where it differs.
        targets: the files and folders that are built in the work area, by name, and where to publish them.
        kept: whether hard links to what is published stay in `.{name}.kept`, for a second attempt, and are shared
            with other workflows (`store.shared`).

    Attributes:
        path: folder to build in. It survives a kill until it is published.
        finished: names of the parts recorded as complete by `finish`, this run's and earlier ones'.
        published: whether all is in its place: taken back on entry, from an earlier attempt with the same manifest.

    Raises:
        InputError: on entry, when a live process holds the area; names its host, pid and path.
    """

    def __init__(
        self,
        output: Path,
        manifest: Mapping[str, Any],
        targets: Mapping[str, Path],
        *,
        kept: bool = True,
    ) -> None:
        self.folder = output.parent / f".{output.name}.work"
        self.path = self.folder / "content"
        self.manifest = json.dumps(manifest, sort_keys=True)
        self.targets = dict(targets)
        self.finished: set[str] = set()
        self.published = False
        self._kept = Kept(output, self.manifest, self.folder) if kept else None
        self._shared = Shared(manifest if kept else {}, targets)
        self._lock = -1

    def __enter__(self) -> Self:
        self._acquire()
        try:
            back = None if self._kept is None else self._kept.links(self.targets)
            back = back or self._shared.take(self.folder)
            if back is None:
                self._resume()
            else:
                self._move(back)
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def _resume(self) -> None:
        recorded = self.folder / MANIFEST
        if self.path.exists():
            if recorded.exists() and recorded.read_text() == self.manifest:
                log.info("resuming the work left in %s", self.folder)
            else:
                log.warning("discarding %s: its settings or sources are not today's", self.folder)
                self._journal.unlink(missing_ok=True)
                discard(self.path, self.folder / "discarded")
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

    def publish(self) -> None:
        """Move every target to its place with one rename, and end the work area.

        Each gets its checksums; hard links to it are kept first, so that a kill at any later instant loses nothing.

        Raises:
            FileNotFoundError: where something to publish was not written; nothing is moved then.
        """
        for name in self.targets:
            if not (self.path / name).exists():
                raise FileNotFoundError(f"{self.path / name} was not written")
        for name in self.targets:
            if (self.path / name).is_dir():
                checksums.write_list(self.path / name, self.manifest)
            elif not name.endswith(".h5"):  # which carries its own
                write_beside(self.path / name)
        if self._kept is not None:
            self._kept.replace(self.path, self.targets)
        self._shared.put(self.path)
        # From here on nothing is resumed in the work area, whatever is left of it.
        spent = self.folder / "spent"
        shutil.rmtree(spent, ignore_errors=True)
        os.rename(self.path, spent)
        self._move(spent)

    def _move(self, source: Path) -> None:
        for name, target in self.targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                replaced = self.folder / f"replaced-{name}"
                shutil.rmtree(replaced, ignore_errors=True)  # of a run killed right here
                os.rename(target, replaced)
            # The checksum first: no file stands without it.
            for pair in reversed(checksums.with_own(source / name, target)):
                os.rename(*pair)
        self.published = True
        shutil.rmtree(self.folder, ignore_errors=True)  # another process may be looking in
