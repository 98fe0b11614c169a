"""Training histories of all networks in one table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gradnoise.errors import InputError
from gradnoise.store.checksums import verify
from gradnoise.store.paths import Paths


def read_training(
    results: Path, measured: Mapping[str, Mapping[str, Any]], trained_by: Mapping[str, str]
) -> pd.DataFrame:
    """The training histories of all measured networks, each once, by run and seed.

    Args:
        results: folder of all results.
        measured: run -> its `seeds`.
        trained_by: run -> the run that trained its networks.

    Raises:
        InputError: names a history that is missing.
    """
    networks = {
        (trained_by[run], seed): None for run, what in measured.items() for seed in what["seeds"]
    }
    frames = []
    for run, seed in networks:
        path = Path(Paths(results).training(run, seed))
        if not path.exists():
            raise InputError(f"{path}: expected a training history, found none; run again")
        verify(path)
        frame = pd.read_csv(path)
        frame.insert(0, "run", run)
        frame.insert(1, "seed", seed)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
