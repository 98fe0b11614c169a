"""Command line of the report: `python -m gradnoise.report`, and `python -m gradnoise.report compare`."""

import json
import logging
import runpy
import sys

from gradnoise import stage
from gradnoise.report.cards.card import noise_card
from gradnoise.report.inputs import Inputs
from gradnoise.report.page import render
from gradnoise.report.settings import Settings
from gradnoise.store.whole import published

log = logging.getLogger(__name__)


def main() -> None:
    """Write the page and the noise card; or, with `compare`, a page of several cards."""
    if sys.argv[1:2] == ["compare"]:
        del sys.argv[1]
        # By name: the stage does not depend on how cards are compared.
        runpy.run_module("gradnoise.report.cards.compare", run_name="__main__")
        return
    arguments = stage.parse(
        "One self-contained page with everything a run found.",
        inputs=("tables", "claims", "components", "calibration", "control"),
        outputs=("output", "card"),
        several=("data", "figures"),
    )
    settings = stage.read_settings(Settings, arguments.settings)
    inputs = Inputs.read(arguments)
    card = noise_card(settings, inputs)
    with published(arguments.output) as temporary:
        temporary.write_text(render(settings, inputs))
    with published(arguments.card) as temporary:
        temporary.write_text(json.dumps(card, indent=1, allow_nan=False) + "\n")
    log.info("%s: %.1f MB", arguments.output, arguments.output.stat().st_size / 1e6)


if __name__ == "__main__":
    stage.run(main)
