"""Stage: tables."""

import pandas as pd

from gradnoise import stage
from gradnoise.store.work_area import WorkArea
from gradnoise.tables import langevin as langevin_tables
from gradnoise.tables.catalogue import summaries
from gradnoise.tables.gaussianity import aggregate, network_rows, read_gaussianity
from gradnoise.tables.layers import layer_files
from gradnoise.tables.printed import write_printed
from gradnoise.tables.training import read_training, training_files


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
