"""Stage: noise."""

import logging
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradnoise import stage
from gradnoise.draws.batches import Draws
from gradnoise.gradients.store import read_parameters
from gradnoise.noise.recording import complete, record_gathered, record_minibatches
from gradnoise.noise.settings import Settings
from gradnoise.noise.store import NAME, describe
from gradnoise.stage import without_linear_algebra
from gradnoise.store import parts
from gradnoise.store.arrays import COMPLETE, open_store
from gradnoise.store.parts import WHOLE, Part
from gradnoise.store.work_area import WorkArea

if TYPE_CHECKING:
    from gradnoise.noise.minibatches import GradientSampler

log = logging.getLogger(__name__)


def main() -> None:
    """Sample the noise of one repeat at one checkpoint."""
    inputs = ("data", "checkpoints", "gradients")
    args = stage.parse("Sample gradient noise at a checkpoint.", inputs, optional=("parts",))
    settings = stage.read_settings(Settings, args.settings)
    if args.parts:
        _join(args)
        return
    part = Part(*settings.part)
    gradients = open_store(args.gradients)
    attributes: dict[str, Any] = gradients.attrs.asdict()
    del attributes[COMPLETE]
    log.info("%s: %s", attributes["strategy"], attributes["reason"])
    draws = Draws(settings.seed, settings.repeat, settings.sampling, attributes["sample_count"])
    attributes |= describe(draws, settings.batch_sizes, settings.batches)
    request = settings.batch_sizes, settings.batches, settings.memory, attributes, part
    built = NAME if part == WHOLE else parts.NAME
    with WorkArea(args.output, stage.manifest(args), {built: args.output}) as work:
        if work.published:
            return
        if attributes["strategy"] == "per_sample":
            with without_linear_algebra():
                record_gathered(work, read_parameters(gradients), draws, *request)
        else:
            sampler = _sampler(settings, args.data, args.checkpoints, draws)
            record_minibatches(work, sampler, *request)
        work.publish()


def _join(args: Namespace) -> None:
    """Make one store of the parts that other jobs have written."""
    with WorkArea(args.output, stage.manifest(args), {NAME: args.output}) as work:
        if not work.published:
            parts.link(args.parts, work.path)
            complete(work)
            work.publish()


def _sampler(settings: Settings, data: Path, checkpoints: Path, draws: Draws) -> "GradientSampler":
    """Model and data of a stage that computes mini-batches."""
    from gradnoise.data.dataset import load
    from gradnoise.gradients.recording import choose_selections, samples_of
    from gradnoise.gradients.verification.dependence import sample_dependence
    from gradnoise.model.loss import loss
    from gradnoise.noise.minibatches import GradientSampler
    from gradnoise.training.checkpoint import load_model

    dataset = load(data)
    model = load_model(settings, dataset, checkpoints)
    device = next(model.parameters()).device
    inputs, targets = (samples.to(device) for samples in samples_of(dataset))
    selections, criterion = choose_selections(settings, model), loss(settings.loss)
    why = sample_dependence(model, criterion, inputs, targets)
    measured = model, criterion, inputs, targets, selections
    return GradientSampler(*measured, draws, settings.augment, undivided=why is not None)


if __name__ == "__main__":
    stage.run(main)
