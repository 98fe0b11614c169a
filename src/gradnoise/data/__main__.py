"""Stage: data."""

import logging

from gradnoise import stage
from gradnoise.data.catalogue import _validated, read
from gradnoise.data.dataset import write
from gradnoise.store.work_area import atomic

log = logging.getLogger(__name__)


def main() -> None:
    """Publish one data set as HDF5."""
    arguments = stage.parse(main.__doc__ or "")
    source = read(arguments.settings)
    name = _validated(arguments.settings)["dataset"]
    with atomic(arguments.output) as temporary:
        checksum = write(temporary, source, name)
    log.info(
        "%s: %d training samples of shape %s, %d classes, SHA-256 %s",
        source.name,
        len(source.train.targets),
        source.train.inputs.shape[1:],
        len(source.classes),
        checksum,
    )


if __name__ == "__main__":
    stage.run(main)
