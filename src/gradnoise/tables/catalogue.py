"""Which tables there are, and how they are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gradnoise.clt.results import NUMBERS
from gradnoise.errors import InputError
from gradnoise.tables.layers import layer_files, read_layers, read_numbers

WEIGHTS = ("convolution", "linear")  # operations whose weights figures and claims speak of


# Tables by name: the stage whose files hold them, the dataset there, and what its rows are by.
SUMMARIES: dict[str, tuple[str, str, list[str]]] = {
    "layers": ("clt", "", []),
    "clt": ("clt", "summary", ["batch_size"]),
    "correlations": ("clt", "correlations", ["batch_size", "batches"]),
    "prediction": ("clt", "prediction", ["batch_size", "batches", "repeat"]),
    "prediction_same_samples": (
        "clt",
        "prediction_same_samples",
        ["batch_size", "batches", "repeat"],
    ),
    "calibration_of_prediction": ("clt", "reliability", ["batches", "bin"]),
    "tails": ("tails", "summary", ["method", "batch_size", "repeat"]),
    "norms": ("tails", "norms", ["batch_size", "repeat"]),
    "rejected_tails": ("tails", "rejected", ["method", "batch_size", "repeat"]),
    "largest_batch": ("tails", "largest_batch", ["repeat"]),
    "growth": ("tails", "growth", []),
    "influence": ("tails", "influence", ["batch_size"]),
    "influence_classes": ("tails", "influence_classes", ["label"]),
}


# Columns of names: "0", a layer of `nn.Sequential`, is no number, and a run named "NA" is there.
TEXT = (
    "run",
    "variant",
    "parameter",
    "subspace",
    "layer",
    "Layer",
    "operation",
    "kind",
    "name",
    "method",
    "sampling",
)


LANGEVIN = ("langevin", "langevin_subspaces")


def weights(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the weights of convolutions and linear layers: no biases, no normalisation, no network."""
    return table[(table["kind"] == "weight") & table["operation"].isin(WEIGHTS)]


def percentages(table: pd.DataFrame) -> list[str]:
    """Columns of the table `gaussianity` that are percentages with an interval."""
    names = [str(name) for name in table]
    return [name for name in names if name.startswith("percentage_") and f"{name}_lower" in names]


def shares(table: pd.DataFrame) -> list[str]:
    """Columns of the table `gaussianity` that are shares of the coordinates, 0 to 1."""
    return [name for name in map(str, table) if name.startswith("share_")]


def read(folder: Path) -> Mapping[str, pd.DataFrame]:
    """All published tables by name, for later stages; those in the printed form are left out."""
    names = ("gaussianity", "gaussianity_repeats", "training", *SUMMARIES, *LANGEVIN)
    missing = [name for name in names if not (folder / f"{name}.csv").exists()]
    if missing:
        raise InputError(f"{folder}: expected the tables {names}, did not find {missing}")
    return {name: read_table(folder / f"{name}.csv") for name in names}


def read_table(path: Path) -> pd.DataFrame:
    """One published table, names as text."""
    # An empty number is missing; a name is never taken for a missing value, whatever it looks like.
    numbers = [name for name in map(str, pd.read_csv(path, nrows=0)) if name not in TEXT]
    return pd.read_csv(
        path,
        dtype=dict.fromkeys(TEXT, str),
        na_values={name: [""] for name in numbers},
        keep_default_na=False,
    )


def summaries(results: Path, measured: Mapping[str, Mapping[str, Any]]) -> dict[str, pd.DataFrame]:
    """The tables of `SUMMARIES`, and `layers`: the numbers that stand for a layer, one row each."""
    found = {}
    for name, (stage_name, member, by) in SUMMARIES.items():
        files = layer_files(results, measured, stage_name)
        numbers = not member
        found[name] = (
            read_numbers(files, [number.name for number in NUMBERS])
            if numbers
            else read_layers(files, member, by)
        )
    return found
