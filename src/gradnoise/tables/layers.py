"""What the per-layer stages wrote, as tables: one row per layer and whatever a stage's summary is by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gradnoise.errors import InputError
from gradnoise.store.paths import Checkpoint, Paths
from gradnoise.store.results import read_attributes, read_table

CHECKPOINT = ["run", "seed", "epoch"]


LAYER = ["parameter", "layer", "operation", "kind", "block", "index", "size"]


class LayerFile(NamedTuple):
    """One stage's results for one parameter of one checkpoint: a file, or a group of the checkpoint's."""

    stage: str
    at: Checkpoint
    parameter: str
    path: Path
    group: str = "/"


def layer_files(
    results: Path, measured: Mapping[str, Mapping[str, Any]], stage: str
) -> Iterator[LayerFile]:
    """What a stage says of each layer, by run, seed, epoch and layer; thousands would not fit into a command line.

    Args:
        results: folder of all results.
        measured: run -> its `seeds`, `epochs` and `parameters`.
        stage: name of the stage.
    """
    paths = Paths(results)
    for run, what in measured.items():
        for seed in sorted(what["seeds"]):
            for epoch in sorted(what["epochs"]):
                at = Checkpoint(run, seed, epoch)
                for parameter in what["parameters"]:
                    if stage == "rejection":
                        path = Path(paths.rejection(at))
                        yield LayerFile(stage, at, parameter, path, f"/{parameter}/")
                    else:
                        path = Path(paths.layer(stage, at, parameter))
                        yield LayerFile(stage, at, parameter, path)


def read_layers(
    files: Iterable[LayerFile], member: str = "summary", by: Sequence[str] = ()
) -> pd.DataFrame:
    """Read a table of per-layer files into one, in the files' order.

    Args:
        files: of one stage.
        member: name of the table; files without it (a stage says there why) have no rows.
        by: columns of the table that order its rows.

    Returns:
        Columns `CHECKPOINT`, `LAYER` and those of the table.

    Raises:
        InputError: names a file that is missing or damaged.
    """
    frames = []
    for file in files:
        rows = read_table(file.path, file.stage, file.group + member)
        if rows is not None and len(rows):
            frame = pd.DataFrame(rows)
            frames.append(_of_layer(file, frame.sort_values([*by]) if by else frame))
    return _joined(frames, by)


def read_numbers(files: Iterable[LayerFile], names: Sequence[str]) -> pd.DataFrame:
    """Read numbers that stand for a whole layer: one row per file, NaN where one is missing.

    Args:
        files: of one stage.
        names: of attributes.

    Raises:
        InputError: names a file that is missing or damaged.
    """
    frames = []
    for file in files:
        found = read_attributes(file.path, file.stage)
        numbers = {name: float(found.get(name, np.nan)) for name in names}
        frames.append(_of_layer(file, pd.DataFrame([numbers])))
    return _joined(frames, ())


def _of_layer(file: LayerFile, frame: pd.DataFrame) -> pd.DataFrame:
    """A layer's rows behind what tells it from others; block and index are the network's own."""
    stored = read_attributes(file.path, file.stage, file.group)
    missing = [name for name in LAYER[1:] if name not in stored]
    if missing:
        raise InputError(f"{file.path}: found no attributes {', '.join(missing)} of the layer")
    described = {name: stored[name] for name in LAYER[1:]}
    key = {**file.at._asdict(), "parameter": file.parameter, **described}
    return pd.DataFrame({**key, **frame})


def _joined(frames: Sequence[pd.DataFrame], by: Sequence[str]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame(columns=[*CHECKPOINT, *LAYER, *by])
    table = pd.concat(frames, ignore_index=True)
    fields = [name for name in table if name not in (*CHECKPOINT, *LAYER)]
    return table[[*CHECKPOINT, *LAYER, *fields]]
