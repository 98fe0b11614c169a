"""What the page shows of one run: its limits, printed tables, accuracy and classes of coordinates."""

from typing import Any

import pandas as pd

from gradnoise.errors import InputError
from gradnoise.report import sentences
from gradnoise.report.inputs import Inputs
from gradnoise.report.settings import Settings
from gradnoise.trajectory.names import NETWORK


def run(name: str, settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """Everything that the page says of one run.

    Raises:
        InputError: where the training of its networks is not in the tables.
    """
    tables, trainer = inputs.tables, settings.trained_by[name]
    sections = settings.runs[name]
    repeats, training = tables["gaussianity_repeats"], tables["training"]
    rows = tables["gaussianity"][tables["gaussianity"]["run"] == name]
    seeds = sorted(int(seed) for seed in repeats.loc[repeats["run"] == name, "seed"].unique())
    history = training[(training["run"] == trainer) & training["seed"].isin(seeds)]
    if history.empty:
        raise InputError(f"report: found no training of run {trainer!r}")
    file = settings.data_files[name]
    used = next((one for one in inputs.data if one["file"] == file), {})
    last = rows["epoch"].max()
    mine = [stem for stem in inputs.printed if stem.startswith(f"{name}-epoch-")]
    return {
        "name": name,
        "seeds": ", ".join(map(str, seeds)),
        "trained_by": trainer,
        "epoch": int(last),
        "ceiling": f"{settings.ceiling(name):g}",
        "history": history,
        "limits": list(sentences.limits(rows, len(seeds), used, sections)),
        "accuracy": _accuracy(history[history["epoch"].isin(rows["epoch"].unique())]),
        "classes": _classes(rows[rows["epoch"] == last], history[history["epoch"] == last]),
        "tables": [_printed(stem, inputs.printed[stem]) for stem in sorted(mine, key=_place)],
        "last": f"{name}-epoch-{last}-",
    }


def _place(stem: str) -> tuple[int, ...]:
    """Order of printed tables: last epoch first, then the number of batches."""
    _, _, epoch, _, batches = stem.rsplit("-", 4)
    return -int(epoch), int(batches)


def _printed(stem: str, table: pd.DataFrame) -> dict[str, Any]:
    _, _, epoch, _, batches = stem.rsplit("-", 4)
    rows = [
        [f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in _rows(table)
    ]
    return {
        "stem": stem,
        "title": f"Epoch {epoch}, {batches} batches",
        "columns": list(table.columns),
        "rows": rows,
    }


def _rows(table: pd.DataFrame) -> list[list[Any]]:
    return [list(row) for row in table.astype(object).itertuples(index=False)]


def _accuracy(history: pd.DataFrame) -> list[dict[str, str]]:
    """Mean and deviation over seeds of losses and accuracies at the measured epochs."""
    rows = []
    for epoch, seeds in history.groupby("epoch"):
        row = {"epoch": str(epoch)}
        for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy"):
            scale = 100 if name.endswith("accuracy") else 1
            values = scale * seeds[name] if name in seeds else pd.Series(dtype=float)
            row[name] = "" if values.isna().all() else f"{values.mean():.{1 if scale > 1 else 3}f}"
            if len(values.dropna()) > 1:
                row[name] += f" ± {values.std(ddof=1):.{1 if scale > 1 else 3}f}"
        rows.append(row)
    return rows


def _classes(rows: pd.DataFrame, history: pd.DataFrame) -> list[dict[str, str]]:
    """Shares of the coordinate classes at the smallest batch size, and of dead units, in percent."""
    chosen = rows[(rows["batch_size"] == rows["batch_size"].min()) & (rows["kind"] != NETWORK)]
    chosen = chosen[chosen["batches"] == chosen["batches"].min()]
    found = []
    for _, row in chosen.iterrows():
        dead = f"dead_units_{row['layer']}"
        share = history[dead].mean() if dead in history else float("nan")
        classes = ("dirac", "sparse", "quantised", "live")
        found.append(
            {
                "layer": row["parameter"].removesuffix(".weight"),
                "computes": row["operation"] + (", bias" if row["kind"] == "bias" else ""),
            }
            | {name: f"{100 * row[f'share_{name}']:.1f}" for name in classes}
            | {"dead_units": "" if pd.isna(share) else f"{100 * share:.1f}"}
            | {"batch_size": str(row["batch_size"])}
        )
    return found
