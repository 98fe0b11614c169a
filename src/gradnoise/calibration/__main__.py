"""Stage: calibration."""

import tempfile
from pathlib import Path

from gradnoise import stage
from gradnoise.calibration.checks import calibrate, write_checks
from gradnoise.calibration.settings import Settings
from gradnoise.stage import without_linear_algebra
from gradnoise.store.work_area import WorkArea


def main() -> None:
    """Stage: the instrument check as one CSV file."""
    arguments = stage.parse("Check the analysis on noise of known distribution.")
    settings = stage.read_settings(Settings, arguments.settings)
    target = arguments.output
    with WorkArea(target, stage.manifest(arguments), {target.name: target}) as work:
        if work.published:
            return
        # Interrupted, threads still write into it while it is removed.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            checks = [
                check
                for level in settings.significances
                for check in calibrate(
                    Path(folder, str(level)),
                    settings.seed,
                    level,
                    settings.batches,
                    settings.series,
                )
            ]
        # Levels with the same tabulated neighbour make the same check.
        write_checks(work.path / target.name, list(dict.fromkeys(checks)))
        work.publish()


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
