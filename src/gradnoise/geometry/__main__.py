"""The geometry stage as a program: a study, or a piece of one, as a folder of tables."""

import torch

from gradnoise import stage
from gradnoise.store.studies import load, publish


def main() -> None:
    """Stage: a job of one study."""
    options = stage.parse("Information geometry of initialisation and training.")
    study = load("geometry", options.settings)
    settings = stage.read_settings(study.settings, options.settings)
    # Matrices are small: what runs at once are jobs.
    torch.set_num_threads(1)
    publish(options.output, stage.manifest(options), "geometry", study, settings)


if __name__ == "__main__":
    stage.run(main)
