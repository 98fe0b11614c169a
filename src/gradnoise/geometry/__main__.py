"""The geometry stage as a program: one folder of tables for the whole experiment."""

import logging

import torch

from gradnoise import stage
from gradnoise.geometry.results import STUDIES, TABLES
from gradnoise.geometry.settings import Settings
from gradnoise.store.studies import write
from gradnoise.store.work_area import WorkArea

log = logging.getLogger(__name__)


def main() -> None:
    """Stage: make every study that is asked for."""
    options = stage.parse("Information geometry of initialisation and training.")
    settings = stage.read_settings(Settings, options.settings)
    # Matrices are small: what runs at once are networks.
    torch.set_num_threads(1)
    targets = {"geometry": options.output}
    with WorkArea(options.output, stage.manifest(options), targets) as area:
        if area.published:
            return
        folder = area.path / "geometry"
        folder.mkdir(exist_ok=True)
        for name in settings.studies:
            write(folder, "geometry", TABLES, STUDIES[name].run(settings))
            log.info("%s: done", name)
        area.publish()


if __name__ == "__main__":
    stage.run(main)
