"""The noise card: a network's headline numbers per layer as JSON, for comparing networks."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pandas as pd

from gradnoise.tables.catalogue import percentages, shares
from gradnoise.trajectory.names import NETWORK

SCHEMA = "gradnoise.noise_card"


SCHEMA_VERSION = 2  # 2: `significance` is a run's


def noise_card(
    tables: Mapping[str, pd.DataFrame],
    runs: Mapping[str, Mapping[str, Any]],
    trained_by: Mapping[str, str],
    data: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Headline numbers of every run at its last measured epoch.

    Args:
        tables: as `tables.read` returns.
        runs: run name -> its config sections.
        trained_by: run name -> the run whose networks it measures.
        data: name, checksum and sizes of the data files.

    Returns:
        JSON-serialisable dict. Percentages are 0 to 100, shares and accuracies 0 to 1; `lower` and
        `upper` bound the 95 % interval over `unit`. What does not exist is null.
    """
    gaussianity, training = tables["gaussianity"], tables["training"]
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "gradnoise": version("gradnoise"),
        "data": list(data),
        "runs": {
            str(name): _run(
                rows[rows["epoch"] == rows["epoch"].max()],
                training[training["run"] == trained_by[str(name)]],
                runs[str(name)],
                tables["gaussianity_repeats"],
            )
            for name, rows in gaussianity.groupby("run", sort=False)
        },
    }


def _run(
    rows: pd.DataFrame, training: pd.DataFrame, sections: Mapping[str, Any], repeats: pd.DataFrame
) -> dict[str, Any]:
    first = rows.iloc[0]
    seeds = repeats.loc[repeats["run"] == first["run"], "seed"].unique()
    history = training[(training["epoch"] == first["epoch"]) & training["seed"].isin(seeds)]
    accuracy = {
        split: number(history[f"{split}_accuracy"].mean())
        for split in ("train", "test")
        if f"{split}_accuracy" in history
    }
    layers = [_layer(layer, history) for _, layer in rows.groupby("parameter", sort=False)]
    return {
        "model": sections["model"],
        "data_set": sections["data"]["dataset"],
        "significance": sections["gaussianity"]["significance"],
        "epoch": int(first["epoch"]),
        "seeds": sorted(int(seed) for seed in seeds),
        "repeats": int(first["n_repeats"]),
        "unit": str(first["unit"]),
        "accuracy": accuracy,
        "layers": layers,
    }


def _layer(rows: pd.DataFrame, history: pd.DataFrame) -> dict[str, Any]:
    first = rows.iloc[0]
    dead = f"dead_units_{first['layer']}"
    measured = []
    for _, row in rows.iterrows():
        bounded = {
            name: {bound: number(row[f"{name}{end}"]) for bound, end in ENDS.items()}
            for name in percentages(rows)
        }
        where = {"batch_size": int(row["batch_size"]), "batches": int(row["batches"])}
        measured.append(where | bounded | {name: number(row[name]) for name in shares(rows)})
    return {
        "parameter": str(first["parameter"]),
        "layer": str(first["layer"]),
        "operation": str(first["operation"]),
        "weights": int(first["size"]),
        "coordinates": int(first["coordinates"]),
        "whole_network": bool(first["kind"] == NETWORK),
        "dead_units": number(history[dead].mean()) if dead in history else None,
        "measured": measured,
    }


ENDS = {"value": "", "lower": "_lower", "upper": "_upper"}


def number(value: float) -> float | None:
    """A float that JSON knows: NaN becomes None, and digits beyond measurement go."""
    return None if pd.isna(value) else round(float(value), 6)
