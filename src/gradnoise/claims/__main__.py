"""Stage: claims."""

import logging
from collections import Counter

from gradnoise import stage
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import gather
from gradnoise.claims.published import CLAIMS
from gradnoise.claims.results import write
from gradnoise.claims.settings import Settings
from gradnoise.tables.catalogue import read

log = logging.getLogger(__name__)


def main() -> None:
    """Decide every claim from the tables and write one row for each (claim, run)."""
    arguments = stage.parse("Verdicts on published claims.", inputs=("tables",))
    settings = stage.read_settings(Settings, arguments.settings)
    experiment = gather(read(arguments.tables), settings.runs, settings.trained_by)
    rows = [row for claim in CLAIMS for row in decide(claim, experiment)]
    write(arguments.output, rows)
    log.info("%s", dict(Counter(row["verdict"] for row in rows)))


if __name__ == "__main__":
    stage.run(main)
