"""What all figure programs do: read the command line, choose rows, write PDF, PNG and CSV."""

import argparse
import json
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from fontTools import subset
from fontTools.subset import load_font
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from gradnoise.errors import InputError
from gradnoise.figures import style
from gradnoise.figures.settings import Settings
from gradnoise.stage import read_settings, reads
from gradnoise.store.whole import published
from gradnoise.tables import catalogue

# PDF readers look at none of these, and reading them is most of what writing a PDF takes.
LAYOUT = ("GDEF", "GPOS", "GSUB", "kern")

WARM = Settings("", "", "", 0.05, 1, {})


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
    subset.load_font = _without_layout
    with published(output.with_suffix(".csv")) as path:
        numbers.to_csv(path, index=False)
    # Found once: each canvas by itself would look for it, and draw everything twice.
    drawn.set_dpi(300)
    style.lay_out(drawn)
    drawn.set_layout_engine("none")
    with published(output.with_suffix(".png")) as path:
        FigureCanvasAgg(drawn).print_png(path, metadata={"Software": None})
    with published(output.with_suffix(".pdf")) as path:
        FigureCanvasPdf(drawn).print_pdf(path, metadata={"CreationDate": None, "ModDate": None})
    plt.close(drawn)


def _without_layout(*font: Any, **options: Any) -> Any:
    """A font for a PDF to take glyphs from, without the tables that place them: they have their places."""
    found = load_font(*font, **options)
    for table in LAYOUT:
        if table in found:
            del found[table]
    return found


def warm() -> None:
    """Draw a little of everything: what matplotlib finds out for the first text and the first files, forks inherit."""
    style.apply(WARM)
    drawn, axes = style.figure(WARM, 1.0)
    style.name_panel(axes, 0, "x")
    with TemporaryDirectory() as folder:
        save(drawn, Path(folder) / "warm.pdf", pd.DataFrame({"x": [1.0]}))


def save_without_data(arguments: argparse.Namespace, reason: str) -> None:
    """Write a figure that says why it shows nothing: what a run could store is known only once it has run."""
    style.apply(arguments.settings)
    drawn, axes = style.figure(arguments.settings, 0.6)
    axes.set_axis_off()
    axes.text(0.5, 0.5, f"Nothing to show: {reason}", ha="center", va="center", color=style.GREY)
    save(drawn, arguments.output, pd.DataFrame({"reason": [reason]}))
