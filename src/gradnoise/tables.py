"""Tables: every layer's summary in one place, averaged over repeats and seeds, and in the paper's form."""

import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gradnoise import langevin_tables, stage
from gradnoise.intervals import (
    estimate,
    interval,
    repeat_deviation,
    unit,
    weighted_mean,
)
from gradnoise.layer_tables import LAYER, layer_files, read_attributes, read_layers
from gradnoise.store import InputError, WorkArea

log = logging.getLogger(__name__)

NETWORK = "network"  # name of the whole-network row
CELL = ["run", "seed", "epoch", "batch_size", "batches", "repeat"]
PERCENTAGES = [
    "percentage_testable",
    "percentage_gaussian",
    "percentage_live",
    "percentage_directions",
]
SHARES = ["share_dirac", "share_sparse", "share_quantised", "share_live"]
SHAPES = [
    "pi0",
    "skewness_mean",
    "skewness_sd",
    "excess_kurtosis_mean",
    "excess_kurtosis_sd",
    "kolmogorov_distance_mean",
]
COUNTS = ["rejections_bh", "coordinates"]
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
    "calibration_of_prediction": ("clt", "calibration", ["batches", "bin"]),
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
SUMMARY = [*PERCENTAGES, *SHARES, *SHAPES, *COUNTS]


def read_gaussianity(paths: Iterable[Path]) -> pd.DataFrame:
    """Gaussianity of every layer: one row per (layer, batch size, batches, repeat)."""
    table = read_layers(paths, by=["batch_size", "batches", "repeat"])
    if table.empty:
        raise InputError("tables: found no Gaussianity summary in any file")
    return table[[*CELL[:3], *LAYER, *CELL[3:], *SUMMARY]]


def read_training(paths: Iterable[Path]) -> pd.DataFrame:
    """Read the training histories `.../{run}/seed-{s}/training.csv` into one table, by run and seed."""
    frames = []
    for path in paths:
        found = re.search(r"([^/]+)/seed-(\d+)/training\.csv$", path.as_posix())
        if not found:
            raise InputError(f"{path}: expected a path like RUN/seed-0/training.csv")
        frame = pd.read_csv(path)
        frame.insert(0, "run", found[1])
        frame.insert(1, "seed", int(found[2]))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


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


def representative(layers: pd.DataFrame) -> pd.DataFrame:
    """The layers that a printed table shows: all, or of each residual block the first, middle and last.

    Of blocks of 18 layers these are layers 1, 9 and 18. Biases and normalisation parameters are left out.
    """
    layers = layers[layers["kind"].isin(["weight", NETWORK])]
    last = layers.groupby(["run", "block"])["index"].transform("max")
    index = layers["index"]
    return layers[
        (layers["block"] == 0)
        | (index == 1)
        | (index == np.maximum(last // 2, 1))
        | (index == last)
    ]


def printed(rows: pd.DataFrame) -> pd.DataFrame:
    """The paper's form: a row per layer with its weight count, a column per batch size, mean ± deviation.

    Args:
        rows: aggregated rows of one run, epoch and number of batches.
    """
    rows = representative(rows)
    table = rows.drop_duplicates("parameter")[["parameter", "layer", "size"]].set_index("parameter")
    for size, column in rows.groupby("batch_size"):
        column = column.set_index("parameter")
        mean, sd = column["percentage_gaussian"], column["percentage_gaussian_sd"]
        table[str(size)] = [
            f"{mean[name]:.2f}" + ("" if np.isnan(sd[name]) else f" ± {sd[name]:.2f}")
            for name in table.index
        ]
    return table.reset_index(drop=True).rename(columns={"layer": "Layer", "size": "Weights"})


def latex(table: pd.DataFrame, comment: str) -> str:
    """LaTeX tabular with booktabs rules; needs `\\usepackage{booktabs}` in the document."""

    def cell(value: Any) -> str:
        text = f"{value:,}" if isinstance(value, int | np.integer) else str(value)
        text = re.sub(r"([_%&#])", r"\\\1", text).replace("±", r"$\pm$")
        return text.replace(",", "{,}") if isinstance(value, int | np.integer) else text

    batch_sizes = len(table.columns) - 2
    lines = [
        f"% {comment}",
        rf"\begin{{tabular}}{{lr{'r' * batch_sizes}}}",
        r"\toprule",
        rf"& & \multicolumn{{{batch_sizes}}}{{c}}{{Batch size}} \\",
        rf"\cmidrule(lr){{3-{batch_sizes + 2}}}",
        " & ".join(map(cell, table.columns)) + r" \\",
        r"\midrule",
        *(" & ".join(map(cell, row)) + r" \\" for row in table.itertuples(index=False)),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def write_printed(aggregated: pd.DataFrame, folder: Path) -> None:
    """Write `{run}-epoch-{e}-n-{n}` as CSV, Markdown and LaTeX for every run, epoch and batch count."""
    for (run, epoch, batches), rows in aggregated.groupby(["run", "epoch", "batches"]):
        table = printed(rows)
        stem = f"{run}-epoch-{epoch}-n-{batches}"
        row = rows.iloc[0]
        note = (
            f"Percentage of coordinates that pass the Shapiro-Wilk test on {batches} batches, by batch "
            f"size; constant coordinates count as Gaussian; mean ± sd over {row['n_repeats']} repeats, "
            f"pooled over {row['n_seeds']} training seed(s); {run}, epoch {epoch}."
        )
        table.to_csv(folder / f"{stem}.csv", index=False)
        markdown = table.to_markdown(
            index=False, disable_numparse=True, colalign=["left", *["right"] * (table.shape[1] - 1)]
        )
        (folder / f"{stem}.md").write_text(f"{markdown}\n\n{note}\n")
        (folder / f"{stem}.tex").write_text(latex(table, note))


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


def training_files(
    results: Path, measured: Mapping[str, Mapping[str, Any]], trained_by: Mapping[str, str]
) -> list[Path]:
    """Paths of the training histories of all measured networks, each once."""
    networks = {
        (trained_by[run], seed): None for run, what in measured.items() for seed in what["seeds"]
    }
    return [results / run / f"seed-{seed}" / "training.csv" for run, seed in networks]


def main() -> None:
    """Read all per-layer and training files, write the tables into one folder."""
    arguments = stage.parse("Summary tables of Gaussianity and training.", inputs=("results",))
    results, measured = arguments.results, arguments.settings["measured"]
    manifest = {"settings": arguments.settings, "source": arguments.source}
    with WorkArea(arguments.output, manifest) as area:
        folder = area.path / "tables"
        folder.mkdir(exist_ok=True)
        repeats = read_gaussianity(layer_files(results, measured, "gaussianity"))
        repeats = pd.concat([repeats, network_rows(repeats)], ignore_index=True)
        aggregated = aggregate(repeats)
        repeats.to_csv(folder / "gaussianity_repeats.csv", index=False)
        aggregated.to_csv(folder / "gaussianity.csv", index=False)
        training = training_files(results, measured, arguments.settings["trained_by"])
        read_training(training).to_csv(folder / "training.csv", index=False)
        langevin = langevin_tables.read(results, measured)
        for name, table in {**summaries(results, measured), **langevin}.items():
            table.to_csv(folder / f"{name}.csv", index=False)
        write_printed(aggregated, folder)
        area.publish({"tables": arguments.output})


if __name__ == "__main__":
    stage.run(main)
