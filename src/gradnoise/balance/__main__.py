"""The balance stage as a program: one folder of tables for the whole experiment."""

import logging

from gradnoise import stage
from gradnoise.balance.results import STUDIES, TABLES
from gradnoise.balance.settings import Settings
from gradnoise.stage import without_linear_algebra
from gradnoise.store.studies import write
from gradnoise.store.work_area import WorkArea

log = logging.getLogger(__name__)


def main() -> None:
    """Stage: make every study that is asked for."""
    options = stage.parse("Noise balance and exact stationary laws.")
    settings = stage.read_settings(Settings, options.settings)
    targets = {"balance": options.output}
    with WorkArea(options.output, stage.manifest(options), targets) as area:
        if area.published:
            return
        folder = area.path / "balance"
        folder.mkdir(exist_ok=True)
        for name in settings.studies:
            write(folder, "balance", TABLES, STUDIES[name].run(settings))
            log.info("%s: done", name)
        area.publish()


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
