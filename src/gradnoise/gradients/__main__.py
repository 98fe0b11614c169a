"""Stage: gradients."""

from gradnoise import stage
from gradnoise.data.dataset import load
from gradnoise.gradients import store
from gradnoise.gradients.recording import record_gradients
from gradnoise.gradients.settings import Settings
from gradnoise.store.work_area import WorkArea
from gradnoise.training.checkpoint import load_model


def main() -> None:
    """Publish one checkpoint's per-sample gradients, or the record that there are none."""
    args = stage.parse("Per-sample gradients at a checkpoint.", inputs=("data", "checkpoints"))
    settings = stage.read_settings(Settings, args.settings)
    with WorkArea(args.output, stage.manifest(args), {store.NAME: args.output}) as work:
        if not work.published:
            dataset = load(args.data)
            model = load_model(settings, dataset, args.checkpoints)
            record_gradients(work, model, settings, dataset)
            work.publish()


if __name__ == "__main__":
    stage.run(main)
