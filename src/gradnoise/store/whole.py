"""Files that appear whole or not at all: written under another name beside their place, then renamed."""

import os
import shutil
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
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
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
        checksums.write_beside(path, temporary)


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """A second name for a file; where the file system gives none, a copy that appears whole."""
    try:
        os.link(source, target)
    except OSError:
        with atomic(Path(target)) as temporary:
            shutil.copyfile(source, temporary)
