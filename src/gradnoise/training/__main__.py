"""Stage: training."""

from gradnoise import stage
from gradnoise.data import dataset
from gradnoise.model.device import deterministic
from gradnoise.store.work_area import WorkArea
from gradnoise.training.criticality import initialise_critically
from gradnoise.training.initial import initial_model
from gradnoise.training.loop import Training, train_in
from gradnoise.training.pretrained import take_over
from gradnoise.training.settings import read


def main() -> None:
    """Train one model for one seed, or take over one that has been trained."""
    args = stage.parse(
        "Train a model, keeping its weights at chosen epochs, or take them over from a folder.",
        ["data"],
        ["checkpoints", "output"],
    )
    settings = read(args.settings)
    deterministic(settings.training.torch_threads)
    data = dataset.load(args.data)
    # The table first: if a kill comes between the two, the checkpoints are still there to go on from.
    targets = {"training.csv": args.output, "checkpoints": args.checkpoints}
    with WorkArea(args.checkpoints, stage.manifest(args), targets) as area:
        if area.published:
            return
        if settings.pretrained:
            take_over(area, settings, data)
        else:
            model = initial_model(settings.model, data, settings.seed)
            if settings.model.get("initialisation", "default") != "default":
                initialise_critically(model, settings.model, settings.seed)
            metadata = {"seed": settings.seed, "model": settings.model}
            train_in(area.path, Training(model, settings.training, data, settings.seed), metadata)
        area.publish()


if __name__ == "__main__":
    stage.run(main)
