"""Which tables there are, and how they are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gradnoise.errors import InputError
from gradnoise.tables.layers import layer_files, read_attributes, read_layers

NETWORK = "network"  # name of the whole-network row


PERCENTAGES = [
    "percentage_testable",
    "percentage_gaussian",
    "percentage_live",
    "percentage_directions",
]


SHARES = ["share_dirac", "share_sparse", "share_quantised", "share_live"]


QUANTILES = [f"q{percent:02}" for percent in (5, 25, 50, 75, 95)]


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
    "growth": ("tails", "growth", []),
    "influence": ("tails", "influence", ["batch_size"]),
    "influence_classes": ("tails", "influence_classes", ["label"]),
}


LANGEVIN = ("langevin", "langevin_subspaces")


LAYER_NUMBERS = [
    *("noise_scale", "noise_scale_error", "gaussian_batch_size"),
    *("gaussian_batch_size_lower", "gaussian_batch_size_upper"),
    *(f"rho_{q}" for q in QUANTILES),
    *(f"root_kurtosis_{q}" for q in QUANTILES),
]


def read(folder: Path) -> Mapping[str, pd.DataFrame]:
    """All published tables by name, for later stages; those in the printed form are left out."""
    names = ("gaussianity", "gaussianity_repeats", "training", *SUMMARIES, *LANGEVIN)
    missing = [name for name in names if not (folder / f"{name}.csv").exists()]
    if missing:
        raise InputError(f"{folder}: expected the tables {names}, did not find {missing}")
    return {name: pd.read_csv(folder / f"{name}.csv") for name in names}


def summaries(results: Path, measured: Mapping[str, Mapping[str, Any]]) -> dict[str, pd.DataFrame]:
    """The tables of `SUMMARIES`, and `layers`: the numbers that stand for a layer, one row each."""
    found = {}
    for name, (stage_name, member, by) in SUMMARIES.items():
        paths = list(layer_files(results, measured, stage_name))
        numbers = not member
        found[name] = (
            read_attributes(paths, LAYER_NUMBERS) if numbers else read_layers(paths, member, by)
        )
    return found
