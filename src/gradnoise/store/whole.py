"""Files that appear whole or not at all: written under another name beside their place, then renamed."""

import glob
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradnoise.store import checksums


def write_text(path: Path, text: str) -> None:
    """Write a text file so that readers see the old content or the whole new one."""
    with atomic(path) as temporary:
        temporary.write_text(text)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; renamed to `path` unless an error leaves the block.

    For files that no later stage reads, or that are part of something larger. The suffix is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _forget_killed(path)
    temporary = path.with_name(f".{path.stem}.{socket.gethostname()}-{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def published(path: Path) -> Iterator[Path]:
    """As `atomic`, for a result written in one go (a table, a figure): its checksum is written beside it."""
    with atomic(path) as temporary:
        yield temporary
        write_beside(path, temporary)


def write_beside(path: Path, content: Path | None = None) -> None:
    """Write the checksum of a file, whose content lies elsewhere until it is published, beside it."""
    write_text(checksums.beside(path), f"{checksums.checksum(content or path)}\n")


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """A second name for a file; where the file system gives none, a copy that appears whole."""
    try:
        os.link(source, target)
    except OSError:
        with atomic(Path(target)) as temporary:
            shutil.copyfile(source, temporary)


def _forget_killed(path: Path) -> None:
    """Remove what processes of this computer that were killed while they wrote the file have left of it."""
    start = f".{path.stem}.{socket.gethostname()}-"
    for left in path.parent.glob(f"{glob.escape(start)}*{glob.escape(path.suffix)}"):
        number = left.name[len(start) : len(left.name) - len(path.suffix)]
        if number.isdecimal() and not _lives(int(number)):
            left.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True
