"""Stage: claims."""

import logging

import pandas as pd

from gradnoise import stage
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import gather
from gradnoise.claims.published import CLAIMS
from gradnoise.claims.settings import Settings
from gradnoise.store.work_area import atomic
from gradnoise.tables.catalogue import read

log = logging.getLogger(__name__)


COLUMNS = [
    *("claim", "statement", "origin", "verdict", "quantity", "measured", "lower", "upper"),
    *("threshold", "reason", "cases", "run", "network", "scope", "epochs", "seeds", "repeats"),
    *("unit", "batch_sizes", "batches", "measured_in"),
]


def main() -> None:
    """Decide every claim from the tables and write one row for each (claim, run)."""
    arguments = stage.parse("Verdicts on published claims.", inputs=("tables",))
    settings = stage.read_settings(Settings, arguments.settings)
    experiment = gather(read(arguments.tables), settings.runs, settings.trained_by)
    rows = [row for claim in CLAIMS for row in decide(claim, experiment)]
    frame = pd.DataFrame(rows).reindex(columns=COLUMNS)
    log.info("%s", frame["verdict"].value_counts().to_dict())
    with atomic(arguments.output) as path:
        frame.to_csv(path, index=False)


if __name__ == "__main__":
    stage.run(main)
