"""Command line of the report: `python -m gradnoise.report`."""

import json
import logging

import pandas as pd

from gradnoise import stage
from gradnoise.data.excerpts import describe_data
from gradnoise.report.card import noise_card
from gradnoise.report.page import render
from gradnoise.report.provenance import run_sections, significance, trainers
from gradnoise.store.work_area import write_text
from gradnoise.tables.catalogue import read

log = logging.getLogger(__name__)


LISTS = ("epochs", "seeds", "batch_sizes", "batches")  # columns of numbers in a row, "0 1 5"


def main() -> None:
    """Write the page and the noise card."""
    arguments = stage.parse(
        "One self-contained page with everything a run found.",
        inputs=("tables", "claims", "calibration", "control"),
        outputs=("output", "card"),
        several=("data", "figures"),
    )
    settings = arguments.settings
    found = read(arguments.tables)
    printed = {
        path.stem: pd.read_csv(path, dtype={"Layer": str})
        for path in sorted(arguments.tables.glob("*-epoch-*-n-*.csv"))
    }
    data = describe_data(arguments.data)
    page = render(
        settings,
        found,
        printed,
        pd.read_csv(arguments.claims, dtype=dict.fromkeys(LISTS, str)),
        pd.read_csv(arguments.calibration),
        pd.read_csv(arguments.control),
        data,
        arguments.figures,
    )
    card = noise_card(
        found, run_sections(settings), trainers(settings), data, significance(settings)
    )
    write_text(arguments.output, page)
    write_text(arguments.card, json.dumps(card, indent=1, allow_nan=False) + "\n")
    log.info("%s: %.1f MB", arguments.output, arguments.output.stat().st_size / 1e6)


if __name__ == "__main__":
    stage.run(main)
