"""Stage: data."""

import logging

from gradnoise import stage
from gradnoise.data import catalogue
from gradnoise.data.dataset import write
from gradnoise.data.normalisation import treatment
from gradnoise.data.settings import read
from gradnoise.store.work_area import WorkArea

log = logging.getLogger(__name__)

NAME = "data.h5"  # inside the work area


def main() -> None:
    """Publish one data set as HDF5."""
    arguments = stage.parse(main.__doc__ or "")
    settings = read(arguments.settings)
    # Other samples under the same name are another data set.
    manifest = stage.manifest(arguments) | {"inputs": catalogue.contents(settings)}
    with WorkArea(arguments.output, manifest, {NAME: arguments.output}) as work:
        if work.published:
            return
        source = catalogue.read(settings)
        checksum = write(work.path / NAME, source, settings.dataset)
        work.publish()
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
