"""Tables: every layer's summary in one place, averaged over repeats and seeds."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradnoise.errors import InputError
from gradnoise.store.results import read_column_attributes
from gradnoise.tables.intervals import estimate, interval, repeat_deviation, unit, weighted_mean
from gradnoise.tables.layers import LAYER, LayerFile, read_layers
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, NETWORKS, Cells
from gradnoise.tables.moderated.contrasts import estimate as estimate_contrasts
from gradnoise.tables.moderated.sampling import hidden
from gradnoise.trajectory.names import NETWORK

log = logging.getLogger(__name__)


CELL = ["run", "seed", "epoch", "batch_size", "batches", "repeat"]


class Columns(NamedTuple):
    """Numbers of a layer, as its file describes them: the stage knows them, tables take what there is.

    Attributes:
        kind: column -> "percentage", "share", "mean" or "count".
        over: column -> the coordinates that it is about: "all", "testable", "live" or "directions".
    """

    kind: Mapping[str, str]
    over: Mapping[str, str]

    def of(self, *kinds: str) -> list[str]:
        """Columns of these kinds, kind by kind."""
        return [name for kind in kinds for name, found in self.kind.items() if found == kind]

    @property
    def names(self) -> list[str]:
        """All columns in the order of the tables."""
        return self.of("percentage", "share", "mean", "count")


def read_columns(files: Sequence[LayerFile]) -> Columns:
    """What the files' summaries hold.

    Raises:
        InputError: where there is no file, or it is missing or damaged.
    """
    if not files:
        raise InputError("tables: found no Gaussianity summary in any file")
    first = files[0]
    found = read_column_attributes(first.path, first.stage, first.group + "gaussianity")
    return Columns(found["kind"], found["over"])


def read_gaussianity(files: Sequence[LayerFile], columns: Columns) -> pd.DataFrame:
    """Gaussianity of every layer: one row per (layer, batch size, batches, repeat)."""
    table = read_layers(files, "gaussianity", ["batch_size", "batches", "repeat"])
    return table[[*CELL[:3], *LAYER, *CELL[3:], *columns.names]]


def network_rows(table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The whole network, every layer weighted by its true number of weights, not by those sampled.

    What is a mean over testable or live coordinates is weighted by how many of those the layer has, counts
    add up. Random directions belong to a layer; the network has none.
    """
    rows = []
    for cell, layers in table.groupby(CELL, sort=False):
        size = layers["size"].to_numpy(float)
        weights = {
            "all": size,
            "testable": size * (1 - layers["share_dirac"].to_numpy(float)),
            "live": size * layers["share_live"].to_numpy(float),
        }
        row: dict[str, Any] = dict(zip(CELL, cell, strict=True))
        row |= dict.fromkeys(LAYER[:4], NETWORK) | {"block": 0, "index": 0, "size": int(size.sum())}
        row |= {
            name: weighted_mean(layers[name].to_numpy(float), weights[columns.over[name]])
            for name in columns.of("percentage", "share", "mean")
            if columns.over[name] in weights
        }
        row |= {name: int(layers[name].sum()) for name in columns.of("count")}
        rows.append(row)
    return pd.DataFrame(rows, columns=table.columns)


def _moderated(
    means: pd.DataFrame,
    wide: pd.DataFrame,
    rows: pd.DataFrame,
    columns: Columns,
    repeatability: pd.DataFrame,
) -> pd.DataFrame:
    """Errors and degrees of freedom of layers' percentages, as verdicts on them have it.

    Args:
        means: as `intervals.estimate` returns, of the columns of `wide`.
        wide: rows (seed, repeat), columns (name, epoch, parameter, batch size, batches).
        rows: the repeats of the run that `wide` holds.
        columns: of the tables.
        repeatability: of the run, may be empty.
    """
    seeds = wide.index.get_level_values("seed").nunique()
    if seeds * wide.index.get_level_values("repeat").nunique() != len(wide):
        return means  # networks with fewer repeats than others
    scope = ARCHITECTURE if unit(seeds) == "seed" else NETWORKS
    about = rows.drop_duplicates("parameter").set_index("parameter")
    layers = about.index[about["kind"] != NETWORK]
    found = means.copy()
    for name in columns.of("percentage"):
        there = pd.DataFrame(wide[name]).dropna(axis=1).T
        there = there[there.index.isin(layers, level="parameter")]
        cells = there.index.to_frame(index=False)
        weight = about.loc[cells["parameter"], "kind"].eq("weight").to_numpy()
        # Verdicts are about weights, at one epoch and number of batches.
        for _, some in cells.groupby(["epoch", "batches", weight], sort=False):
            part = there.iloc[some.index]
            given = _cells(part, name, wide, about, _within(part, name, repeatability))
            estimates = estimate_contrasts(given, np.eye(len(part)), scope)
            place = [(name, *cell) for cell in part.index]
            found.loc[place, "standard_error"] = estimates.error
            found.loc[place, "degrees"] = estimates.degrees
    return found


def _cells(
    cells: pd.DataFrame,
    name: str,
    wide: pd.DataFrame,
    about: pd.DataFrame,
    within: NDArray[np.float64],
) -> Cells:
    """Percentages of layers and batch sizes, a row each, as the moderated estimates take them."""
    parameters = cells.index.get_level_values("parameter")
    tested = wide["coordinates"][cells.index].to_numpy(np.float64)
    if name not in ("percentage_gaussian", "percentage_directions"):
        tested = tested * (1 - wide["share_dirac"][cells.index].to_numpy(np.float64))
    tested = tested.mean(axis=0)
    size = about.loc[parameters, "size"].to_numpy(float)
    size = np.where(name == "percentage_directions", np.inf, np.maximum(size, tested))
    values = cells.to_numpy(float).T
    unseen = hidden(values.mean(axis=0) / 100, within, tested, size)
    seeds = wide.index.get_level_values("seed").nunique()
    return Cells(
        values.reshape(seeds, -1, len(cells)),
        pd.factorize(parameters)[0],
        pd.factorize(about.loc[parameters, "operation"])[0],
        tested,
        np.nan_to_num(within),
        1e4 * np.nan_to_num(unseen),
    )


def _within(cells: pd.DataFrame, name: str, repeatability: pd.DataFrame) -> NDArray[np.float64]:
    """Variance of passing over repeats of every cell, mean over seeds; NaN where it is unknown."""
    column = f"within_{name}"
    if column not in repeatability:
        return np.full(len(cells), np.nan)
    key = [str(level) for level in cells.index.names]
    return repeatability.groupby(key)[column].mean().reindex(cells.index).to_numpy(float)


def aggregate(
    repeats: pd.DataFrame, columns: Columns, repeatability: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Average over repeats and seeds: one row per (run, epoch, parameter, batch size, batches).

    For every percentage P stand the mean `P`, the deviation over repeats `P_sd` (pooled over seeds), and
    the 95 % interval `P_lower`, `P_upper` over the `unit` named in its column: of layers with moderated variances, as
    verdicts have it, of the network and of what is missing in some repeat Student's. Other quantities have their mean
    only.

    Args:
        repeats: one row for each seed, repeat and cell.
        columns: of its numbers.
        repeatability: the table of that name, where there is one.
    """
    parts = []
    for run, rows in repeats.groupby("run", sort=False):
        key = ["epoch", "parameter", "batch_size", "batches"]
        wide = rows.pivot(index=["seed", "repeat"], columns=key, values=columns.names)
        means = estimate(wide)
        same = pd.DataFrame() if repeatability is None else repeatability
        same = same[same["run"] == run] if len(same) else same
        lower, upper = interval(_moderated(means, wide, rows, columns, same))
        sd = repeat_deviation(wide)["value"]
        part = rows.drop_duplicates(key)[["run", "epoch", *LAYER, "batch_size", "batches"]]
        for name in columns.names:
            found = {name: means["value"]}
            if columns.kind[name] == "percentage":
                found |= {
                    f"{name}_sd": sd,
                    f"{name}_lower": lower.clip(0, 100),
                    f"{name}_upper": upper.clip(0, 100),
                }
            for column, values in found.items():
                part = part.join(values.loc[name].rename(column), on=key)
        seeds, count = wide.index.get_level_values("seed"), len(wide)
        part["unit"] = unit(seeds.nunique())
        part["n_seeds"] = seeds.nunique()
        part["n_repeats"] = count // seeds.nunique()
        log.info("%s: %d layers, %d networks", run, part["parameter"].nunique(), seeds.nunique())
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
