"""Stage: claims."""

import logging
from typing import Any

import pandas as pd

from gradnoise import stage
from gradnoise.claims import langevin
from gradnoise.claims.decision import _head, decide
from gradnoise.claims.evidence import gather
from gradnoise.claims.published import CLAIMS
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
    found = read(arguments.tables)
    runs = gather(found, arguments.settings)
    rows: list[dict[str, Any]] = []
    for claim in CLAIMS:
        if claim.name in langevin.MEASURES:
            rows += langevin.decide(_head(claim), found, arguments.settings)
        else:
            rows += decide(claim, runs)
    frame = pd.DataFrame(rows).reindex(columns=COLUMNS)
    log.info("%s", frame["verdict"].value_counts().to_dict())
    with atomic(arguments.output) as path:
        frame.to_csv(path, index=False)


if __name__ == "__main__":
    stage.run(main)
