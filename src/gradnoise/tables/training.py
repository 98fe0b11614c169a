"""Training histories of all networks in one table."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gradnoise.errors import InputError


def read_training(paths: Iterable[Path]) -> pd.DataFrame:
    """Read the training histories `.../{run}/seed-{s}/training.csv` into one table, by run and seed."""
    frames = []
    for path in paths:
        found = re.search(r"([^/]+)/seed-(\d+)/training\.csv$", path.as_posix())
        if not found:
            raise InputError(f"{path}: expected a path like RUN/seed-0/training.csv")
        frame = pd.read_csv(path)
        frame.insert(0, "run", found[1])
        frame.insert(1, "seed", int(found[2]))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def training_files(
    results: Path, measured: Mapping[str, Mapping[str, Any]], trained_by: Mapping[str, str]
) -> list[Path]:
    """Paths of the training histories of all measured networks, each once."""
    networks = {
        (trained_by[run], seed): None for run, what in measured.items() for seed in what["seeds"]
    }
    return [results / run / f"seed-{seed}" / "training.csv" for run, seed in networks]
