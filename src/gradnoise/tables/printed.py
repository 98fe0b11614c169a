"""Tables in the paper's form: CSV, Markdown and LaTeX."""

from pathlib import Path

import numpy as np
import pandas as pd

from gradnoise.clt.gaussian_batch_size import LARGEST
from gradnoise.tables.catalogue import weights
from gradnoise.trajectory.names import NETWORK


def representative(layers: pd.DataFrame) -> pd.DataFrame:
    """The layers that a printed table shows: all, or of each residual block the first, middle and last of a kind.

    Of blocks of 18 convolutions these are layers 1, 9 and 18. Biases and normalisation parameters are left out.
    """
    layers = layers.loc[[*weights(layers).index, *layers.index[layers["kind"] == NETWORK]]]
    last = layers.groupby(["run", "block", "operation"])["index"].transform("max")
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


def printed_batch_sizes(layers: pd.DataFrame) -> pd.DataFrame:
    """B* of every layer and training seed with its 95 % interval: a row per layer, a column per seed.

    Args:
        layers: rows of the table `layers`, of one run and epoch.
    """
    rows = representative(layers)
    table = rows.drop_duplicates("parameter")[["parameter", "layer", "size"]].set_index("parameter")
    for seed, column in rows.groupby("seed"):
        column = column.set_index("parameter").reindex(table.index)
        ends = [column[f"gaussian_batch_size{end}"] for end in ("", "_lower", "_upper")]
        table[f"seed {seed}"] = [
            "{} [{}, {}]".format(*(_samples(end[name]) for end in ends)) for name in table.index
        ]
    return table.reset_index(drop=True).rename(columns={"layer": "Layer", "size": "Weights"})


def _samples(number: float) -> str:
    if np.isnan(number):
        return "none"
    return f"{number:,.0f}" if np.isfinite(number) else f"> {LARGEST:,}"


def latex(table: pd.DataFrame, comment: str, heading: str = "Batch size") -> str:
    """LaTeX tabular with booktabs rules; needs `\\usepackage{booktabs}` in the document.

    Args:
        table: its first two columns are the layer and how many weights it has.
        comment: for its first line.
        heading: over the other columns.
    """
    sizes = len(table.columns) - 2
    over = ["", "", *[heading] * sizes]
    headed = table.set_axis(pd.MultiIndex.from_arrays([over, table.columns]), axis="columns")
    numbers = table.select_dtypes("integer").columns
    style = headed.style.hide(axis="index")
    style = style.format(escape="latex")
    style = style.format(thousands="{,}", subset=[("", name) for name in numbers])
    text = style.to_latex(hrules=True, column_format=f"lr{'r' * sizes}", multicol_align="c")
    # Which columns the heading is over: pandas has rules between rows only.
    line = rf"{{{heading}}} \\"
    text = text.replace(line, f"{line}\n\\cmidrule(lr){{3-{sizes + 2}}}")
    return f"% {comment}\n" + text.replace("±", r"$\pm$")


def write_printed(aggregated: pd.DataFrame, layers: pd.DataFrame, folder: Path) -> None:
    """Write tables as CSV, Markdown and LaTeX.

    `{run}-epoch-{e}-n-{n}`, the paper's, for every run, epoch and number of batches, and for every run with stored
    gradients `{run}-gaussian-batch-size`, B* at the last epoch.

    Args:
        aggregated: the table `gaussianity`.
        layers: the table `layers`.
        folder: where to.
    """
    for (run, epoch, batches), rows in aggregated.groupby(["run", "epoch", "batches"]):
        row = rows.iloc[0]
        note = (
            f"Percentage of coordinates that pass the Shapiro-Wilk test on {batches} batches, by batch "
            f"size; constant coordinates count as Gaussian; mean ± sd over {row['n_repeats']} repeats, "
            f"pooled over {row['n_seeds']} training seed(s); {run}, epoch {epoch}."
        )
        _write(printed(rows), folder / f"{run}-epoch-{epoch}-n-{batches}", note, "Batch size")
    measured = layers[layers["gaussian_batch_size"].notna()]
    for run in measured["run"].unique():
        rows = measured[measured["run"] == run]
        last = rows[rows["epoch"] == rows["epoch"].max()]
        heading = "B*, 95 \\% interval"
        note = (
            f"B*, the smallest batch size that brings most coordinates near the Gaussian, with its 95 % interval over "
            f"the choice of coordinates; {run}, epoch {last['epoch'].iloc[0]}."
        )
        _write(printed_batch_sizes(last), folder / f"{run}-gaussian-batch-size", note, heading)


def _write(table: pd.DataFrame, stem: Path, note: str, heading: str) -> None:
    table.to_csv(stem.with_name(f"{stem.name}.csv"), index=False)
    markdown = table.to_markdown(
        index=False, disable_numparse=True, colalign=["left", *["right"] * (table.shape[1] - 1)]
    )
    stem.with_name(f"{stem.name}.md").write_text(f"{markdown}\n\n{note}\n")
    stem.with_name(f"{stem.name}.tex").write_text(latex(table, note, heading))
