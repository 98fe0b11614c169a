"""Stage: claims."""

import logging

from gradnoise import stage
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import gather
from gradnoise.claims.headline import count
from gradnoise.claims.published import CLAIMS
from gradnoise.claims.results import read as read_claims
from gradnoise.claims.results import write
from gradnoise.claims.settings import Settings
from gradnoise.tables.catalogue import read

log = logging.getLogger(__name__)


def main() -> None:
    """Decide every claim from the tables: a row for each (claim, run, scope), and its components."""
    arguments = stage.parse(
        "Verdicts on published claims.", inputs=("tables",), outputs=("output", "components")
    )
    settings = stage.read_settings(Settings, arguments.settings)
    experiment = gather(read(arguments.tables), settings.runs, settings.trained_by)
    decided = [decide(claim, experiment) for claim in CLAIMS]
    write(
        arguments.components, "claim_components", [row for one in decided for row in one.components]
    )
    write(arguments.output, "claims", [row for one in decided for row in one.claims])
    log.info("%s", count(read_claims(arguments.output)).sentence)


if __name__ == "__main__":
    stage.run(main)
