"""What the per-layer stages wrote, as tables: one row per layer and whatever a stage's summary is by.

Files are named `{results}/{run}/seed-{s}/epoch-{e}/{stage}/{parameter}.h5`. The order in which a run's
parameters first appear is the order of its layers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from gradnoise.errors import InputError

CHECKPOINT = ["run", "seed", "epoch"]


LAYER = ["parameter", "layer", "operation", "kind", "block", "index", "size"]


NAME = re.compile(r"([^/]+)/seed-(\d+)/epoch-(\d+)/(\w+)/([^/]+)\.h5$")


def layer_files(
    results: Path, measured: Mapping[str, Mapping[str, Any]], name: str
) -> Iterator[Path]:
    """Paths of a stage's per-layer files; thousands of them would not fit into a command line.

    Args:
        results: folder of all results.
        measured: run -> its `seeds`, `epochs` and `parameters`.
        name: of the stage.
    """
    for run, what in measured.items():
        for seed in what["seeds"]:
            for epoch in what["epochs"]:
                folder = results / run / f"seed-{seed}" / f"epoch-{epoch}" / name
                yield from (folder / f"{parameter}.h5" for parameter in what["parameters"])


def read_layers(
    paths: Iterable[Path], member: str = "summary", by: Sequence[str] = ()
) -> pd.DataFrame:
    """Read a structured dataset of per-layer files into one table, in the order of runs and layers.

    Args:
        paths: per-layer files of one stage.
        member: name of the dataset; files without it (a stage says there why) have no rows.
        by: columns of the dataset that order its rows.

    Returns:
        Columns `CHECKPOINT`, `LAYER` and those of the dataset.

    Raises:
        InputError: for a path of another form, or a damaged file.
    """
    return _ordered([_read(path, member) for path in paths], by)


def read_attributes(paths: Iterable[Path], names: Sequence[str]) -> pd.DataFrame:
    """Read numbers that stand for a whole layer: one row per file, NaN where one is missing.

    Args:
        paths: per-layer files of one stage.
        names: of attributes.
    """
    return _ordered([_read(path, "", names) for path in paths], ())


def _ordered(frames: Sequence[pd.DataFrame], by: Sequence[str]) -> pd.DataFrame:
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return pd.DataFrame(columns=[*CHECKPOINT, *LAYER, *by])
    table = pd.concat(frames, ignore_index=True)
    table["index"] = _indices(table)
    names = pd.MultiIndex.from_frame(table[["run", "parameter"]])
    table["order"] = names.unique().get_indexer(names)
    first = table.groupby("run")["order"].transform("min")
    table = table.assign(first=first).sort_values(["first", "seed", "epoch", "order", *by])
    fields = [name for name in table if name not in (*CHECKPOINT, *LAYER, "order", "first")]
    return table[[*CHECKPOINT, *LAYER, *fields]].reset_index(drop=True)


def _read(path: Path, member: str, names: Sequence[str] = ()) -> pd.DataFrame:
    found = NAME.search(path.as_posix())
    if not found:
        raise InputError(f"{path}: expected a path like RUN/seed-0/epoch-1/STAGE/conv1.weight.h5")
    run, seed, epoch, stage, parameter = found.groups()
    try:
        with h5py.File(path) as file:
            rows: Any = file[member][...] if member and member in file else None
            attributes = {name: file.attrs[name] for name in ("layer", "operation", "kind", "size")}
            numbers = {name: float(file.attrs.get(name, np.nan)) for name in names}
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: expected a complete {stage} file, found {error}") from None
    frame = pd.DataFrame([numbers]) if names else pd.DataFrame(rows)
    for name, column in frame.items():
        if isinstance(column.iloc[0] if len(column) else None, bytes):
            frame[name] = column.str.decode("utf-8")
    block = re.match(r"block(\d+)\.", str(attributes["layer"]))
    return frame.assign(
        run=run,
        seed=int(seed),
        epoch=int(epoch),
        parameter=parameter,
        block=int(block[1]) if block else 0,
        **attributes,
    )


def _indices(table: pd.DataFrame) -> pd.Series:
    """Position from 1 of every row's layer within its block, or among its run's layers of the same kind."""
    layers = table.drop_duplicates(["run", "parameter"])
    place = layers.groupby(["run", "block", "operation", "kind"], sort=False).cumcount() + 1
    keys = pd.MultiIndex.from_frame(layers[["run", "parameter"]])
    lookup = pd.Series(place.to_numpy(), index=keys)
    return pd.Series(
        lookup.reindex(pd.MultiIndex.from_frame(table[["run", "parameter"]])).to_numpy(),
        index=table.index,
    )
