"""Stage: noise."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zarr

from gradnoise import stage
from gradnoise.draws.batches import Draws
from gradnoise.noise import recording
from gradnoise.noise.sampling import PROBED, _description
from gradnoise.noise.store import Measured
from gradnoise.stage import without_linear_algebra
from gradnoise.store.arrays import COMPLETE, open_store
from gradnoise.store.work_area import WorkArea

if TYPE_CHECKING:
    from gradnoise.noise.minibatches import Sampler

log = logging.getLogger(__name__)


def main() -> None:
    """Sample the noise of one repeat at one checkpoint."""
    inputs = ("data", "checkpoints", "gradients")
    args = stage.parse("Sample gradient noise at a checkpoint.", inputs)
    settings = args.settings
    gradients = open_store(args.gradients)
    attributes: dict[str, Any] = gradients.attrs.asdict()
    del attributes[COMPLETE]
    log.info("%s: %s", attributes["strategy"], attributes["reason"])
    sizes, batches, memory = (settings[key] for key in ("batch_sizes", "batches", "memory"))
    draws = Draws(
        settings["seed"], settings["repeat"], settings["sampling"], attributes["sample_count"]
    )
    attributes |= _description(draws, sizes, batches)
    with WorkArea(args.output, {"settings": settings, "source": args.source}) as work:
        if attributes["strategy"] == "per_sample":
            measured = _stored(gradients)
            with without_linear_algebra():
                recording.record_gathered(
                    work, gradients, measured, draws, sizes, batches, memory, attributes
                )
        else:
            sampler, measured = _sampler(settings, args.data, args.checkpoints, draws)
            recording.record_minibatches(
                work, sampler, measured, sizes, batches, memory, attributes
            )
        work.publish({recording.NAME: args.output})


def _stored(gradients: zarr.Group) -> dict[str, Measured]:
    """What the `gradients` stage stored of each parameter."""
    measured = {}
    for name, group in sorted(gradients.groups()):
        arrays: dict[str, Any] = dict(group.arrays())
        along = arrays.get("gradient_along_directions")
        directions = 0 if along is None else along.shape[1]
        measured[name] = Measured(arrays["coordinate"][:], directions, group.attrs.asdict())
    return measured


def _sampler(
    settings: Mapping[str, Any], data: Path, checkpoints: Path, draws: Draws
) -> "tuple[Sampler, dict[str, Measured]]":
    """Model and data of a stage that computes mini-batches."""
    import torch

    from gradnoise.data.dataset import load
    from gradnoise.gradients import recording as gradients
    from gradnoise.gradients.dependence import sample_dependence
    from gradnoise.model.loss import loss as loss_by_name
    from gradnoise.noise import in_memory
    from gradnoise.noise.minibatches import Sampler
    from gradnoise.training.checkpoint import load_model

    dataset = load(data)
    model = load_model(settings, dataset, checkpoints)
    selections, _ = gradients.choose_selections(settings, model)
    device = next(model.parameters()).device
    inputs, targets = (
        torch.from_numpy(array).to(device)
        for array in (dataset.train_inputs, dataset.train_targets)
    )
    loss = loss_by_name(settings["loss"])
    why = sample_dependence(model, loss, inputs[:PROBED], targets[:PROBED])
    augment = settings["augment"]
    sampler = Sampler(model, loss, inputs, targets, selections, draws, augment, why is not None)
    return sampler, in_memory.measured(model, selections)


if __name__ == "__main__":
    stage.run(main)
