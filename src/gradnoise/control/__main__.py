"""The positive control as a program: one table for all runs."""

from gradnoise import stage
from gradnoise.control.judgement import control
from gradnoise.control.results import write
from gradnoise.control.settings import Settings
from gradnoise.stage import without_linear_algebra
from gradnoise.store.work_area import WorkArea


def main() -> None:
    """Stage: the positive control as one CSV file."""
    options = stage.parse("Judge the tails of noise whose tails are known.")
    settings = stage.read_settings(Settings, options.settings)
    target = options.output
    with WorkArea(target, stage.manifest(options), {target.name: target}) as work:
        if not work.published:
            rows = control(settings.batch_sizes, settings.batches, settings.seed)
            write(work.path / target.name, rows)
            work.publish()


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
