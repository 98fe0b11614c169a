"""Stage: gradients."""

from gradnoise import stage
from gradnoise.data.dataset import load
from gradnoise.gradients import store as gradient_store
from gradnoise.gradients.recording import record_gradients
from gradnoise.store.work_area import WorkArea
from gradnoise.training.checkpoint import load_model


def main() -> None:
    """Publish one checkpoint's per-sample gradients, or the record that there are none."""
    args = stage.parse("Per-sample gradients at a checkpoint.", inputs=("data", "checkpoints"))
    with WorkArea(args.output, {"settings": args.settings, "source": args.source}) as work:
        dataset = load(args.data)
        model = load_model(args.settings, dataset, args.checkpoints)
        record_gradients(work, model, args.settings, dataset)
        work.publish({gradient_store.NAME: args.output})


if __name__ == "__main__":
    stage.run(main)
