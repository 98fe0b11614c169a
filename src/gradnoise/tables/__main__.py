"""Stage: tables."""

from pathlib import Path

import pandas as pd

from gradnoise import stage
from gradnoise.store.work_area import WorkArea
from gradnoise.tables import langevin as langevin_tables
from gradnoise.tables.catalogue import summaries
from gradnoise.tables.gaussianity import aggregate, network_rows, read_columns, read_gaussianity
from gradnoise.tables.layers import layer_files
from gradnoise.tables.pieces import join
from gradnoise.tables.printed import write_printed
from gradnoise.tables.related import read_studies
from gradnoise.tables.settings import Settings
from gradnoise.tables.training import read_training


def main() -> None:
    """Read all per-layer and training files, write the tables into one folder."""
    arguments = stage.parse("Summary tables of Gaussianity and training.", inputs=("results",))
    settings = stage.read_settings(Settings, arguments.settings)
    results, measured = arguments.results, settings.measured
    targets = {"tables": arguments.output}
    # Made in seconds, of more files than are worth telling apart: nothing is kept.
    with WorkArea(arguments.output, stage.manifest(arguments), targets, kept=False) as area:
        folder = area.path / "tables"
        folder.mkdir(exist_ok=True)
        if measured:
            of_runs(results, settings, folder)
        join(results, settings.pieces, folder)
        if settings.studies:
            read_studies(results, settings.studies).to_csv(
                folder / "related_quantities.csv", index=False
            )
        area.publish()


def of_runs(results: Path, settings: Settings, folder: Path) -> None:
    """The tables of all runs: where there is none, there are none."""
    measured = settings.measured
    files = list(layer_files(results, measured, "rejection"))
    columns = read_columns(files)
    repeats = read_gaussianity(files, columns)
    repeats = pd.concat([repeats, network_rows(repeats, columns)], ignore_index=True)
    found = summaries(results, measured, settings.trained_by)
    aggregated = aggregate(repeats, columns, found["repeatability"])
    repeats.to_csv(folder / "gaussianity_repeats.csv", index=False)
    aggregated.to_csv(folder / "gaussianity.csv", index=False)
    training = read_training(results, measured, settings.trained_by)
    training.to_csv(folder / "training.csv", index=False)
    langevin = langevin_tables.read(results, measured)
    for name, table in {**found, **langevin}.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    write_printed(aggregated, found["layers"], folder)


if __name__ == "__main__":
    stage.run(main)
