"""What all figure programs do: read the command line, choose rows, write PDF, PNG and CSV."""

import argparse
import json
import logging
from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from gradnoise.errors import InputError
from gradnoise.figures import style
from gradnoise.figures.settings import Settings
from gradnoise.stage import read_settings, reads
from gradnoise.store.whole import published
from gradnoise.tables import catalogue


def parse(description: str, tables: bool = True, layers: bool = False) -> argparse.Namespace:
    """Command line of a figure: settings, tables and, for some, per-layer files.

    Tables or files that a figure does not need are accepted, so that all figures are called alike.

    Returns:
        Namespace with `settings` (`Settings`), `tables`, `layers`, `data` and `output`.

    Raises:
        InputError: names missing and unknown settings.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--source", default="")
    parser.add_argument("--tables", type=Path, required=tables)
    parser.add_argument("--layers", type=Path, nargs="*", default=[], required=layers)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    given = (arguments.tables, arguments.data, *arguments.layers)
    reads(path for path in given if path is not None)
    arguments.settings = read_settings(Settings, arguments.settings)
    return arguments


def weights(table: pd.DataFrame, run: str) -> pd.DataFrame:
    """A run's rows of its layers' weights.

    Raises:
        InputError: where the table has none.
    """
    rows = catalogue.weights(table[table["run"] == run])
    if rows.empty:
        raise InputError(
            f"figures: run {run!r} has no weights in the tables; runs: {sorted(set(table['run']))}"
        )
    return rows


def save(drawn: Figure, output: Path, numbers: pd.DataFrame) -> None:
    """Write `output` (PDF), and beside it the PNG (300 dpi) and the CSV of what is shown.

    No file holds a date, so the same numbers give the same bytes.
    """
    # Writing a PDF tells of every subset of its fonts.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    with published(output.with_suffix(".csv")) as path:
        numbers.to_csv(path, index=False)
    with published(output.with_suffix(".png")) as path:
        drawn.savefig(path, dpi=300, metadata={"Software": None})
    drawn.set_layout_engine(
        "none"
    )  # it is found: the PDF need not look for it again, nor draw everything twice
    with published(output.with_suffix(".pdf")) as path:
        FigureCanvasPdf(drawn).print_pdf(path, metadata={"CreationDate": None, "ModDate": None})
    plt.close(drawn)


def save_without_data(arguments: argparse.Namespace, reason: str) -> None:
    """Write a figure that says why it shows nothing: what a run could store is known only once it has run."""
    style.apply(arguments.settings)
    drawn, axes = style.figure(arguments.settings, 0.6)
    axes.set_axis_off()
    axes.text(0.5, 0.5, f"Nothing to show: {reason}", ha="center", va="center", color=style.GREY)
    save(drawn, arguments.output, pd.DataFrame({"reason": [reason]}))
