"""Tables in the paper's form: CSV, Markdown and LaTeX."""

from pathlib import Path

import numpy as np
import pandas as pd

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


def latex(table: pd.DataFrame, comment: str) -> str:
    """LaTeX tabular with booktabs rules; needs `\\usepackage{booktabs}` in the document."""
    sizes = len(table.columns) - 2
    over = ["", "", *["Batch size"] * sizes]
    headed = table.set_axis(pd.MultiIndex.from_arrays([over, table.columns]), axis="columns")
    numbers = table.select_dtypes("integer").columns
    style = headed.style.hide(axis="index")
    style = style.format(escape="latex")
    style = style.format(thousands="{,}", subset=[("", name) for name in numbers])
    text = style.to_latex(hrules=True, column_format=f"lr{'r' * sizes}", multicol_align="c")
    # Which columns the heading is over: pandas has rules between rows only.
    heading = r"{Batch size} \\"
    text = text.replace(heading, f"{heading}\n\\cmidrule(lr){{3-{sizes + 2}}}")
    return f"% {comment}\n" + text.replace("±", r"$\pm$")


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
