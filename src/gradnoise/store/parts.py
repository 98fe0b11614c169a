"""A store that several jobs make: each builds some of its files, one more job links them together.

What is stored in one file (a shard of an array) is one job's alone, so that parts share none but small ones (labels,
metadata), which all write alike. The whole is then the same, bit for bit, as if one job had made it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gradnoise.errors import InputError
from gradnoise.store import checksums
from gradnoise.store.whole import link_or_copy
from gradnoise.store.work_area import WorkArea

NAME = "part"  # of a part's folder inside the work area


class Part(NamedTuple):
    """Which of equal stretches of a job's work another job does, counted from 1."""

    number: int = 1
    of: int = 1

    def has(self, place: float, total: float) -> bool:
        """Whether what begins at `place` of `total` is in this part; each place is in one."""
        return int(place * self.of // total) == self.number - 1

    def folder(self, work: WorkArea) -> Path:
        """Where the job builds: the work area, or of a part a folder in it."""
        if self.of == 1:
            return work.path
        folder = work.path / NAME
        folder.mkdir(exist_ok=True)
        return folder


WHOLE = Part()


def require(part: Path) -> None:
    """Check that a published part is there, and whole.

    Raises:
        InputError: names it where it is missing, or its first damaged file.
    """
    if not part.is_dir():
        raise InputError(f"{part}: expected a part of a store, found none; run again")
    checksums.verify_folder(part)


def link(parts: Sequence[Path], folder: Path) -> None:
    """Link the files of published parts into a folder, verified; what is there already stays.

    Args:
        parts: their folders.
        folder: on the same file system; where it knows no hard links files are copied.

    Raises:
        InputError: names the first part that is missing, or damaged.
    """
    for part in parts:
        require(part)
        for source in sorted(part.rglob("*")):
            target = folder / source.relative_to(part)
            if source.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif source.parent != part and not target.exists():
                link_or_copy(source, target)
