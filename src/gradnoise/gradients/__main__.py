"""Stage: gradients."""

from gradnoise import stage
from gradnoise.data.dataset import load
from gradnoise.gradients import store
from gradnoise.gradients.recording import join_gradients, record_gradients
from gradnoise.gradients.settings import Settings
from gradnoise.store import parts
from gradnoise.store.parts import WHOLE, Part
from gradnoise.store.work_area import WorkArea
from gradnoise.training.checkpoint import load_model


def main() -> None:
    """Publish one checkpoint's per-sample gradients, or the record that there are none."""
    inputs = ("data", "checkpoints")
    args = stage.parse("Per-sample gradients at a checkpoint.", inputs, optional=("parts",))
    settings = stage.read_settings(Settings, args.settings)
    built = store.NAME if Part(*settings.part) == WHOLE else parts.NAME
    with WorkArea(args.output, stage.manifest(args), {built: args.output}) as work:
        if work.published:
            return
        if args.parts:
            join_gradients(work, args.parts)
        else:
            dataset = load(args.data)
            model = load_model(settings, dataset, args.checkpoints)
            record_gradients(work, model, settings, dataset)
        work.publish()


if __name__ == "__main__":
    stage.run(main)
