"""Whether a published result is whole, every byte of it: asked after a failure, and before an old one is taken back."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gradnoise.store import checksums


def require_whole(paths: Iterable[Path]) -> None:
    """Read files, and folders with all that is listed in them, and compare them with their checksums.

    Raises:
        DamagedError: names the first file that is not what was written.
    """
    for path in paths:
        if path.is_dir():
            _require_whole_folder(path)
        elif path.exists():
            checksums.verify(path)


def _require_whole_folder(folder: Path) -> None:
    checksums.verify_folder(folder)
    if (folder / checksums.STORE).exists():
        _require_whole_store(folder)


def _require_whole_store(path: Path) -> None:
    """Decode every chunk of a Zarr store: it carries a checksum of its own."""
    import zarr

    from gradnoise.store.arrays import open_store

    for _, array in open_store(path).members(max_depth=None):
        if not isinstance(array, zarr.Array):
            continue
        part = array.shards or array.chunks
        grid = [-(-size // each) for size, each in zip(array.shape, part, strict=True)]
        for index in np.ndindex(*grid):
            block = tuple(
                slice(i * each, (i + 1) * each) for i, each in zip(index, part, strict=True)
            )
            try:
                array[block]
            except Exception as error:
                name = "/".join(["c", *map(str, index)])
                first = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise checksums.damaged(
                    path / array.path / name, f"this file of an array is damaged ({first})"
                ) from None
