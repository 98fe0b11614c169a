"""Tables: every layer's summary in one place, averaged over repeats and seeds, and in the paper's form."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from gradnoise.errors import InputError
from gradnoise.tables.catalogue import NETWORK, PERCENTAGES, SHARES
from gradnoise.tables.intervals import estimate, interval, repeat_deviation, unit, weighted_mean
from gradnoise.tables.layers import LAYER, read_layers

log = logging.getLogger(__name__)


CELL = ["run", "seed", "epoch", "batch_size", "batches", "repeat"]


SHAPES = [
    "pi0",
    "skewness_mean",
    "skewness_sd",
    "excess_kurtosis_mean",
    "excess_kurtosis_sd",
    "kolmogorov_distance_mean",
]


COUNTS = ["rejections_bh", "coordinates"]


SUMMARY = [*PERCENTAGES, *SHARES, *SHAPES, *COUNTS]


def read_gaussianity(paths: Iterable[Path]) -> pd.DataFrame:
    """Gaussianity of every layer: one row per (layer, batch size, batches, repeat)."""
    table = read_layers(paths, by=["batch_size", "batches", "repeat"])
    if table.empty:
        raise InputError("tables: found no Gaussianity summary in any file")
    return table[[*CELL[:3], *LAYER, *CELL[3:], *SUMMARY]]


def network_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The whole network, every layer weighted by its true number of weights, not by those sampled.

    A percentage among testable or live coordinates is weighted by how many of those the layer has.
    Random directions belong to a layer; the network has none.
    """
    rows = []
    for cell, layers in table.groupby(CELL, sort=False):
        size = layers["size"].to_numpy(float)
        testable = size * (1 - layers["share_dirac"].to_numpy(float))
        live = size * layers["share_live"].to_numpy(float)
        weights = dict.fromkeys([*SHARES, "percentage_gaussian"], size)
        weights |= dict.fromkeys(["percentage_testable", "pi0"], testable)
        weights |= dict.fromkeys(["percentage_live", *SHAPES[1:]], live)
        row: dict[str, Any] = dict(zip(CELL, cell, strict=True))
        row |= dict.fromkeys(LAYER[:4], NETWORK) | {"block": 0, "index": 0, "size": int(size.sum())}
        row |= {name: weighted_mean(layers[name].to_numpy(float), w) for name, w in weights.items()}
        row |= {name: int(layers[name].sum()) for name in COUNTS}
        rows.append(row)
    return pd.DataFrame(rows, columns=table.columns)


def aggregate(repeats: pd.DataFrame) -> pd.DataFrame:
    """Average over repeats and seeds: one row per (run, epoch, parameter, batch size, batches).

    For every percentage P stand the mean `P`, the deviation over repeats `P_sd` (pooled over seeds), and
    Student's 95 % interval `P_lower`, `P_upper` over the `unit` named in its column. Other quantities have
    their mean only.
    """
    parts = []
    for run, rows in repeats.groupby("run", sort=False):
        key = ["epoch", "parameter", "batch_size", "batches"]
        wide = rows.pivot(index=["seed", "repeat"], columns=key, values=SUMMARY)
        means = estimate(wide)
        lower, upper = interval(means)
        sd = repeat_deviation(wide)["value"]
        part = rows.drop_duplicates(key)[["run", "epoch", *LAYER, "batch_size", "batches"]]
        for name in SUMMARY:
            columns = {name: means["value"]}
            if name in PERCENTAGES:
                columns |= {f"{name}_sd": sd, f"{name}_lower": lower, f"{name}_upper": upper}
            for column, values in columns.items():
                part = part.join(values.loc[name].rename(column), on=key)
        seeds, count = wide.index.get_level_values("seed"), len(wide)
        part["unit"] = unit(seeds.nunique())
        part["n_seeds"] = seeds.nunique()
        part["n_repeats"] = count // seeds.nunique()
        log.info("%s: %d layers, %d networks", run, part["parameter"].nunique(), seeds.nunique())
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
