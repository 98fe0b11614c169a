"""Stage: data."""

import logging

from gradnoise import stage
from gradnoise.data import catalogue
from gradnoise.data.dataset import write
from gradnoise.data.normalisation import treatment
from gradnoise.data.settings import read

log = logging.getLogger(__name__)


def main() -> None:
    """Publish one data set as HDF5."""
    arguments = stage.parse(main.__doc__ or "")
    settings = read(arguments.settings)
    source = catalogue.read(settings)
    checksum = write(arguments.output, source, settings.dataset)
    log.info(
        "%s: %d training samples of shape %s, seen as %s; %d classes, SHA-256 %s",
        source.name,
        len(source.train.targets),
        source.train.inputs.shape[1:],
        treatment(source.train.inputs.dtype, source.normalise),
        len(source.classes),
        checksum,
    )


if __name__ == "__main__":
    stage.run(main)
