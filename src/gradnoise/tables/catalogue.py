"""Which tables there are, and how they are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gradnoise.clt.columns import NUMBERS
from gradnoise.errors import InputError
from gradnoise.store.checksums import verify, verify_folder
from gradnoise.store.paths import SHARED_STAGES
from gradnoise.tables.layers import layer_files, read_layers, read_numbers
from gradnoise.trajectory.names import NETWORK

# Layers whose weights figures and claims speak of, by what they compute (`model.layers.OPERATIONS`), in words.
LAYERS = {
    "convolution": "convolution layers",
    "linear": "linear layers",
    "embedding": "embeddings",
    "attention": "attention layers",
    "recurrent": "recurrent layers",
    "other": "other weights",
}


# Tables by name: the stage whose files hold them, the dataset there, and what its rows are by.
SUMMARIES: dict[str, tuple[str, str, list[str]]] = {
    "repeatability": ("rejection", "repeatability", ["batch_size", "batches"]),
    "layers": ("clt", "", []),
    "clt": ("clt", "summary", ["batch_size"]),
    "correlations": ("rejection", "correlations", ["batch_size", "batches"]),
    "prediction": ("rejection", "prediction", ["batch_size", "batches", "repeat"]),
    "prediction_same_samples": (
        "rejection",
        "prediction_same_samples",
        ["batch_size", "batches", "repeat"],
    ),
    "calibration_of_prediction": ("rejection", "calibration_of_prediction", ["batches", "bin"]),
    "tails": ("rejection", "tails", ["method", "batch_size", "repeat"]),
    "norms": ("tails", "norms", ["batch_size", "repeat"]),
    "rejected_tails": ("rejection", "rejected_tails", ["method", "batch_size", "repeat"]),
    "largest_batch": ("rejection", "largest_batch", ["repeat"]),
    "growth": ("tails", "growth", []),
    "influence": ("tails", "influence", ["batch_size"]),
    "influence_classes": ("tails", "influence_classes", ["label"]),
}


# Of these, what the per-sample gradients alone decide: a run that borrows them finds the same once more.
OF_GRADIENTS = ("layers", "clt", "largest_batch", "growth", "influence_classes")


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
    """Rows of the layers' weights, whatever they compute: no biases, no normalisation, no network.

    Of a run of which no weight was sampled, the first parameter of every layer stands for it.
    """
    mine = table["kind"] == "weight"
    run = table["run"] if "run" in table else pd.Series("", table.index)
    without = ~mine.groupby(run).transform("any") & (table["kind"] != NETWORK)
    if without.any():
        first = table["parameter"].groupby([run, table["layer"]]).transform("first")
        mine |= without & (table["parameter"] == first)
    return table[mine]


def percentages(table: pd.DataFrame) -> list[str]:
    """Columns of the table `gaussianity` that are percentages with an interval."""
    names = [str(name) for name in table]
    return [name for name in names if name.startswith("percentage_") and f"{name}_lower" in names]


def shares(table: pd.DataFrame) -> list[str]:
    """Columns of the table `gaussianity` that are shares of the coordinates, 0 to 1."""
    return [name for name in map(str, table) if name.startswith("share_")]


def read(folder: Path) -> Mapping[str, pd.DataFrame]:
    """All published tables by name, for later stages; those in the printed form are left out.

    An experiment without runs has those of its studies alone.
    """
    names = ("gaussianity", "gaussianity_repeats", "training", *SUMMARIES, *LANGEVIN)
    missing = [name for name in names if not (folder / f"{name}.csv").exists()]
    verify_folder(folder)
    shared = [
        path.stem for stage in SHARED_STAGES for path in sorted(folder.glob(f"{stage}_*.csv"))
    ]
    if missing and not (shared and len(missing) == len(names)):
        raise InputError(f"{folder}: expected the tables {names}, did not find {missing}")
    found = (*(() if missing else names), *shared)
    return {name: read_table(folder / f"{name}.csv") for name in found}


def read_table(path: Path) -> pd.DataFrame:
    """One published table, verified, names as text."""
    verify(path)
    # An empty number is missing; a name is never taken for a missing value, whatever it looks like.
    numbers = [name for name in map(str, pd.read_csv(path, nrows=0)) if name not in TEXT]
    return pd.read_csv(
        path,
        dtype=dict.fromkeys(TEXT, str),
        na_values={name: [""] for name in numbers},
        keep_default_na=False,
    )


def summaries(
    results: Path, measured: Mapping[str, Mapping[str, Any]], trained_by: Mapping[str, str]
) -> dict[str, pd.DataFrame]:
    """The tables of `SUMMARIES`, and `layers`: the numbers that stand for a layer, one row each.

    Args:
        results: folder of all results.
        measured: run -> its `seeds`, `epochs` and `parameters`.
        trained_by: run -> the run whose networks it measures. What it shares with that run is not repeated.
    """
    found = {}
    for name, (stage_name, member, by) in SUMMARIES.items():
        files = layer_files(results, measured, stage_name)
        numbers = not member
        table = (
            read_numbers(files, [number.name for number in NUMBERS])
            if numbers
            else read_layers(files, member, by)
        )
        found[name] = not_repeated(table, trained_by) if name in OF_GRADIENTS else table
    return found


def not_repeated(table: pd.DataFrame, trained_by: Mapping[str, str]) -> pd.DataFrame:
    """The rows that do not say of a borrowed network what the lending run says of it, number by number.

    Args:
        table: with a column `run`.
        trained_by: run -> the run whose networks it measures.
    """
    lender = table["run"].map(lambda run: trained_by.get(run, run))
    own = lender == table["run"]
    lenders_first = table.assign(run=lender).loc[own.sort_values(ascending=False).index]
    repeated = lenders_first.duplicated().reindex(table.index)
    return table[~repeated].reset_index(drop=True)
