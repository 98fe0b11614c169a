"""The noise card: a network's settings, headline numbers per layer and verdicts as JSON, for comparing networks."""

import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pandas as pd

from gradnoise.report.cards.layers import layer, number
from gradnoise.report.cards.schema import NAME, VERSION
from gradnoise.report.inputs import Inputs
from gradnoise.report.settings import Settings

NOISE = ("sampling", "batch_norm_mode", "augment", "coordinates", "directions", "strategy")
VERDICT = {
    "claim": "claim",
    "statement": "statement",
    "run": "subject",
    "scope": "scope",
    "verdict": "verdict",
    "quantity": "quantity",
    "measured": "measured",
    "lower": "lower",
    "upper": "upper",
    "unit": "unit",
    "threshold": "threshold",
    "reason": "reason",
}


def noise_card(settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """Every run at its last measured epoch.

    Returns:
        JSON-serialisable dict, as `schema.CARD` says. Percentages are 0 to 100, shares and accuracies 0 to 1. What
        does not exist is null.
    """
    return {
        "schema": NAME,
        "schema_version": VERSION,
        "gradnoise": version("gradnoise"),
        "runs": {
            str(name): _run(str(name), rows[rows["epoch"] == rows["epoch"].max()], settings, inputs)
            for name, rows in inputs.measured.groupby("run", sort=False)
        },
    }


def _run(name: str, rows: pd.DataFrame, settings: Settings, inputs: Inputs) -> dict[str, Any]:
    tables, sections, first = inputs.tables, settings.runs[name], rows.iloc[0]
    repeats, training = tables["gaussianity_repeats"], tables["training"]
    seeds = repeats.loc[repeats["run"] == name, "seed"].unique()
    history = training[
        (training["run"] == settings.trained_by[name])
        & (training["epoch"] == first["epoch"])
        & training["seed"].isin(seeds)
    ]
    splits = {split: f"{split}_accuracy" for split in ("train", "test")}
    return {
        "model": sections["model"],
        "data": _data(settings.data_files[name], inputs),
        "training": {key: value for key, value in sections["training"].items() if key != "seeds"},
        "noise": {key: value for key, value in sections["noise"].items() if key in NOISE},
        "significance": sections["gaussianity"]["significance"],
        "epoch": int(first["epoch"]),
        "seeds": sorted(int(seed) for seed in seeds),
        "repeats": int(first["n_repeats"]),
        "unit": str(first["unit"]),
        "accuracy": {
            split: number(history[column].mean()) if column in history else None
            for split, column in splits.items()
        },
        "layers": [
            layer(found, history, tables) for _, found in rows.groupby("parameter", sort=False)
        ],
        "verdicts": verdicts(inputs.claims, name),
    }


def _data(file: str, inputs: Inputs) -> dict[str, Any]:
    """What the run's data file says of itself."""
    about: Mapping[str, Any] = next((one for one in inputs.data if one["file"] == file), {})
    names = ("data_set", "checksum", "train_samples", "test_samples", "inputs")
    return {name: about.get(name) for name in names}


def verdicts(claims: pd.DataFrame, run: str) -> list[dict[str, Any]]:
    """Verdicts on a run: alone, in a pair with another run, or on a trajectory of it.

    Args:
        claims: the table of verdicts.
        run: name of the run.
    """
    return [
        {name: _value(row[column]) for column, name in VERDICT.items()}
        for _, row in claims.iterrows()
        if run in re.findall(r"\w+", str(row["run"]))
    ]


def _value(found: Any) -> Any:
    return found if isinstance(found, str) else number(found)
