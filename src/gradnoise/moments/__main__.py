"""Stage: moments."""

from gradnoise import stage
from gradnoise.moments.recording import record_moments
from gradnoise.moments.settings import Settings
from gradnoise.moments.store import NAME
from gradnoise.stage import without_linear_algebra
from gradnoise.store.work_area import WorkArea


def main() -> None:
    """Publish the moments at one checkpoint, or the record that there are none."""
    args = stage.parse(
        "Moments of the per-sample gradients at a checkpoint.", ("data", "checkpoints", "gradients")
    )
    settings = stage.read_settings(Settings, args.settings)
    with WorkArea(args.output, stage.manifest(args), {NAME: args.output}) as work:
        if not work.published:
            record_moments(work, settings, args.data, args.checkpoints, args.gradients)
            work.publish()


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
