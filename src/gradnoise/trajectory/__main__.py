"""Stage: trajectory."""

from gradnoise import stage
from gradnoise.data.dataset import load
from gradnoise.store.work_area import WorkArea
from gradnoise.training.checkpoint import load_model
from gradnoise.trajectory import store as trajectory_store
from gradnoise.trajectory.recording import record_trajectory
from gradnoise.trajectory.settings import Settings


def main() -> None:
    """Record the trajectory of one variant at one checkpoint."""
    args = stage.parse("SGD around a checkpoint.", inputs=("data", "checkpoints"))
    settings = stage.read_settings(Settings, args.settings)
    with WorkArea(args.output, stage.manifest(args), {trajectory_store.NAME: args.output}) as work:
        if not work.published:
            dataset = load(args.data)
            model = load_model(settings, dataset, args.checkpoints)
            record_trajectory(work, model, settings, dataset)
            work.publish()


if __name__ == "__main__":
    stage.run(main)
