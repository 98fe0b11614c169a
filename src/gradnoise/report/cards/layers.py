"""A layer on the noise card: pass rates with intervals, predictions, B*, noise scale and tail index."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gradnoise.tables.catalogue import percentages, shares
from gradnoise.trajectory.names import NETWORK

Tables = Mapping[str, pd.DataFrame]
ENDS = {"value": "", "lower": "_lower", "upper": "_upper"}


def number(value: Any) -> float | None:
    """A float that JSON knows: what is not finite becomes None, and digits beyond measurement go."""
    return round(float(value), 6) if not pd.isna(value) and math.isfinite(value) else None


def layer(rows: pd.DataFrame, history: pd.DataFrame, tables: Tables) -> dict[str, Any]:
    """Everything that the card says of one layer.

    Args:
        rows: aggregated rows of the layer, at one epoch of one run.
        history: rows of the training histories at that epoch.
        tables: the tables of layers, tails and predictions.
    """
    first = rows.iloc[0]
    dead = f"dead_units_{first['layer']}"
    mine = {name: _of(tables[name], first) for name in ("layers", "tails", "prediction")}
    return {
        "parameter": str(first["parameter"]),
        "layer": str(first["layer"]),
        "operation": str(first["operation"]),
        "weights": int(first["size"]),
        "coordinates": int(first["coordinates"]),
        "whole_network": bool(first["kind"] == NETWORK),
        "dead_units": number(history[dead].mean()) if dead in history else None,
        "measured": [_measured(row, rows, mine["prediction"]) for _, row in rows.iterrows()],
        "gaussian_batch_size": [_gaussian_batch_size(row) for _, row in mine["layers"].iterrows()],
        "noise_scale": [
            {
                "seed": int(row["seed"]),
                "value": number(row["noise_scale"]),
                "error": number(row["noise_scale_error"]),
            }
            for _, row in mine["layers"].iterrows()
        ],
        "tail_index": _tail_indices(mine["tails"]),
    }


def _of(table: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Rows of a table of the same run, epoch and parameter; a run without such results has none."""
    key = ["run", "epoch", "parameter"]
    if not set(key) <= set(table):
        return pd.DataFrame()
    return table[np.logical_and.reduce([table[name] == row[name] for name in key])]


def _measured(row: pd.Series, rows: pd.DataFrame, prediction: pd.DataFrame) -> dict[str, Any]:
    """At one batch size and number of batches."""
    where = {"batch_size": int(row["batch_size"]), "batches": int(row["batches"])}
    bounded = {
        name: {bound: number(row[f"{name}{end}"]) for bound, end in ENDS.items()}
        for name in percentages(rows)
    }
    predicted = prediction
    if len(prediction):
        same = [prediction[name] == value for name, value in where.items()]
        predicted = prediction[np.logical_and.reduce(same)]
    return {
        **where,
        **bounded,
        **{name: number(row[name]) for name in shares(rows)},
        "predicted": _predicted(predicted),
    }


def _predicted(rows: pd.DataFrame) -> dict[str, float | None]:
    """Mean over seeds and repeats; repeats of a seed share their prediction, and so its error."""
    if rows.empty:
        return dict.fromkeys(("value", "error", "measured", "coverage"))
    errors = rows.groupby("seed")["predicted_error"].mean()
    return {
        "value": number(rows["predicted_percentage"].mean()),
        "error": number(np.sqrt((errors**2).sum(skipna=False)) / len(errors)),
        "measured": number(rows["measured_percentage"].mean()),
        "coverage": number(rows["coverage"].mean()),
    }


def _gaussian_batch_size(row: pd.Series) -> dict[str, Any]:
    ends = {bound: number(row[f"gaussian_batch_size{end}"]) for bound, end in ENDS.items()}
    return {
        "seed": int(row["seed"]),
        **ends,
        "beyond": bool(np.isposinf(row["gaussian_batch_size"])),
    }


def _tail_indices(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Means over seeds and repeats."""
    if rows.empty:
        return []
    found = []
    for _, cell in rows.groupby(["method", "batch_size", "batches"], sort=False):
        first = cell.iloc[0]
        found.append(
            {
                "method": str(first["method"]),
                "batch_size": int(first["batch_size"]),
                "batches": int(first["batches"]),
                "value": number(cell["alpha_mean"].mean()),
                "null": number(cell["null_mean"].mean()),
            }
        )
    return found
