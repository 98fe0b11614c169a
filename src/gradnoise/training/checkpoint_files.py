"""Networks that have been trained elsewhere: which files of a folder are their checkpoints, told by their names.

Imports no torch: the workflow asks before any job runs.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradnoise.errors import InputError

SUFFIXES = (".safetensors", ".pt", ".pth")
HISTORY = "training.csv"
ACCEPTED = "epoch-10.pt, 10.pth, checkpoint-10.safetensors, name_epoch10.pt or epoch-10/model.pt, there or in checkpoints/"

# Not any number: resnet20.pt is no epoch 20.
_WHOLE = re.compile(r"(?:(?:epoch|checkpoint|ckpt|model|weights|state_dict)[-_=]?)?(\d+)", re.I)
_PART = re.compile(r"epoch[-_=]?(\d+)", re.I)


@dataclass(frozen=True)
class CheckpointFiles:
    """Files of one network.

    Attributes:
        folder: that holds them.
        checkpoints: epoch -> file, in order.
        history: its `training.csv`, as the training stage writes it; None where there is none.
    """

    folder: Path
    checkpoints: dict[int, Path]
    history: Path | None

    def description(self, epochs: Iterable[int], checksum: Callable[[Path], str]) -> dict[str, Any]:
        """What the training stage is told of some epochs, as JSON: a changed file changes it.

        Args:
            epochs: keys of `checkpoints`.
            checksum: of a file's bytes.
        """

        def entry(path: Path) -> dict[str, str]:
            return {"file": str(path.relative_to(self.folder)), "sha256": checksum(path)}

        return {
            "folder": str(self.folder),
            "checkpoints": {str(epoch): entry(self.checkpoints[epoch]) for epoch in epochs},
            "history": entry(self.history) if self.history else None,
        }


def find(path: Path, seed: int, seeds: Sequence[int]) -> CheckpointFiles:
    """Files of one seed's network: in the folder `seed-{seed}`, or in `path` itself where there is a single seed.

    Args:
        path: folder that the user names.
        seed: of the network.
        seeds: of all networks.

    Raises:
        InputError: where the folder, or every checkpoint, is missing, or an epoch has two files.
    """
    if not path.is_dir():
        kind = "a file" if path.exists() else "nothing"
        raise InputError(f"{path}: found {kind}; expected a folder of checkpoints")
    folder = path / f"seed-{seed}"
    if not folder.is_dir():
        if len(seeds) > 1 or any(path.glob("seed-*/")):
            raise InputError(f"{folder}: found nothing; expected the checkpoints of seed {seed}")
        folder = path
    checkpoints: dict[int, Path] = {}
    for epoch, file in _named(folder):
        if epoch in checkpoints:
            both = " and ".join(str(one.relative_to(folder)) for one in (checkpoints[epoch], file))
            raise InputError(f"{folder}: {both} are both of epoch {epoch}; expected one file")
        checkpoints[epoch] = file
    if not checkpoints:
        there = ", ".join(entry.name for entry in _entries(folder)[:5]) or "nothing"
        raise InputError(f"{folder}: found {there}; expected files named by epoch: {ACCEPTED}")
    histories = (folder / HISTORY, folder / "checkpoints" / HISTORY)
    history = next((one for one in histories if one.is_file()), None)
    return CheckpointFiles(folder, dict(sorted(checkpoints.items())), history)


def sha256(path: Path) -> str:
    """Checksum of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _named(folder: Path) -> Iterator[tuple[int, Path]]:
    """Every checkpoint of a folder with its epoch."""
    for entry in [*_entries(folder), *_entries(folder / "checkpoints")]:
        epoch = _epoch(entry.stem if entry.is_file() else entry.name)
        if epoch is not None:
            files = [entry] if entry.is_file() else _entries(entry)
            yield from ((epoch, file) for file in files if file.suffix in SUFFIXES)


def _entries(folder: Path) -> list[Path]:
    """What is in a folder; hidden files do not count."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(entry for entry in found if not entry.name.startswith("."))


def _epoch(name: str) -> int | None:
    """The epoch that a name without suffix tells, None where it tells none."""
    whole, parts = _WHOLE.fullmatch(name), _PART.findall(name)
    if whole:
        return int(whole[1])
    return int(parts[0]) if len(parts) == 1 else None
