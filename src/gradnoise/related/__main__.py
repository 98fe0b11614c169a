"""The related stage as a program: one file for one study."""

import logging
from dataclasses import dataclass

from gradnoise import stage
from gradnoise.related.conduct import conduct, load
from gradnoise.related.results import write
from gradnoise.related.study import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job(Settings):
    """What the stage reads: a study's settings, and which one it is."""

    study: str = ""


def main() -> None:
    """Stage: one study as an HDF5 file."""
    options = stage.parse("A study of a neighbouring system.")
    job = stage.read_settings(Job, options.settings)
    study = load(job.study)
    found = conduct(job.study, job)
    write(options.output, job.study, job, study.variables, found)
    log.info("%s: %d numbers", job.study, len(found.rows))


if __name__ == "__main__":
    stage.run(main)
