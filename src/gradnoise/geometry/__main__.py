"""The geometry stage as a program: one folder of tables for the whole experiment."""

import torch

from gradnoise import stage
from gradnoise.geometry.results import STUDIES
from gradnoise.geometry.settings import Settings
from gradnoise.store.studies import publish


def main() -> None:
    """Stage: make every study that is asked for."""
    options = stage.parse("Information geometry of initialisation and training.")
    settings = stage.read_settings(Settings, options.settings)
    # Matrices are small: what runs at once are networks.
    torch.set_num_threads(1)
    publish(options.output, stage.manifest(options), STUDIES, settings.studies, settings)


if __name__ == "__main__":
    stage.run(main)
