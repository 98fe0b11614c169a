"""How fast networks come to a fixed loss, each arm at its own best learning rate, and their geometry on the way.

An arm is an initialisation, a manifold, a depth and a q. Its best rate is chosen on seeds of its own: fewest runs that do not
arrive, then the smallest mean of the logarithm of steps; where none arrives at any rate, the lowest loss. Other seeds are judged at that rate.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gradnoise.geometry.descents import Arm, Descent, arms, descend, mean_loss, trained
from gradnoise.geometry.networks import GEOMETRY, Images, geometry, images
from gradnoise.geometry.settings import Settings
from gradnoise.stage import in_processes
from gradnoise.store.studies import Rows, Study
from gradnoise.store.variables import Variable

CHOOSING, JUDGED = (1, 2, 3), (4, 5, 6, 7, 8)  # seeds
FOLLOWED = (0, 1, 2, 3, 5, 8, 12, 20, 30)  # epochs at which the first judged seed is measured


def training(settings: Settings) -> dict[str, Rows]:
    """Rows of all three tables."""
    found = in_processes(of_arm, [(arm, settings) for arm in arms(settings)])
    return {name: [row for each in found for row in each[name]] for name in found[0]}


def of_arm(arm: Arm, settings: Settings) -> dict[str, Rows]:
    """All runs of an arm, its row, and its first judged network followed."""
    torch.set_num_threads(1)
    shown = images(settings.seed, settings.images)
    sweep = {
        rate: [descend(arm, rate, seed, shown, settings) for seed in CHOOSING]
        for rate in settings.rates
    }
    best = best_rate(sweep)
    judged = [descend(arm, best, seed, shown, settings) for seed in JUDGED]
    about = arm._asdict()
    runs = [
        (rate, 0, *run) for rate, runs in sweep.items() for run in zip(CHOOSING, runs, strict=True)
    ]
    runs += [(best, 1, *run) for run in zip(JUDGED, judged, strict=True)]
    descents: Rows = [
        {**about, "learning_rate": rate, "judged": counts, "seed": seed, **numbers(run)}
        for rate, counts, seed, run in runs
    ]
    row = {
        **about,
        "best_rate": best,
        "at_edge": int(best in (settings.rates[0], settings.rates[-1])),
        "stable_rate": stable_rate(sweep),
        "given": settings.steps,
        "loss": settings.loss,
    }
    return {"descents": descents, "arms": [row], "curvature": followed(arm, best, shown, settings)}


def best_rate(sweep: Mapping[float, Sequence[Descent]]) -> float:
    """The rate at which most runs arrive, of these the one of the fewest steps in geometric mean, then of the lowest loss."""

    def slowness(rate: float) -> tuple[int, float, float]:
        runs = sweep[rate]
        missing = sum(not run.arrived for run in runs)
        steps = float(np.mean(np.log([max(run.steps, 1) for run in runs])))
        loss = float(np.mean([run.loss for run in runs]))
        return missing, steps, loss if np.isfinite(loss) else np.inf

    return min(sweep, key=slowness)


def stable_rate(sweep: Mapping[float, Sequence[Descent]]) -> float:
    """The largest rate up to which every run at every rate is stable; 0 where there is none."""
    largest = 0.0
    for rate in sorted(sweep):
        if not all(run.stable for run in sweep[rate]):
            break
        largest = rate
    return largest


def numbers(run: Descent) -> dict[str, Any]:
    """A run as its table has it."""
    return {name: int(value) if name != "loss" else value for name, value in run._asdict().items()}


def followed(arm: Arm, rate: float, shown: Images, settings: Settings) -> Rows:
    """Geometry of the first judged network over the epochs; an epoch is as many steps as batches fill the images."""
    per_epoch = max(1, settings.images // settings.batch_size)
    inputs = shown.at(arm.q)
    rows = []
    for step, model in trained(arm, rate, JUDGED[0], shown, settings):
        epoch, rest = divmod(step, per_epoch)
        if rest == 0 and epoch in FOLLOWED:
            loss = mean_loss(model, inputs, shown.classes)
            about = {**arm._asdict(), "learning_rate": rate, "epoch": epoch, "step": step}
            rows.append(about | {"loss": loss} | geometry(model, inputs[: settings.samples]))
    return rows


_ARM = (
    Variable("depth", "layers of weights"),
    Variable("initialisation", "orthogonal or gaussian", ""),
    Variable("manifold", "euclidean, or stiefel: hidden weights stay orthogonal", ""),
    Variable("q", "variance of the preactivations at which it is critical"),
)
_RATE = Variable("learning_rate", "of SGD", "parameter^2 per loss")

STUDY = Study(
    {
        "descents": (
            *_ARM,
            _RATE,
            Variable(
                "judged",
                "1: one of the runs at the best rate that are judged, 0: of the choice",
                "",
            ),
            Variable("seed", "of the network and its batches", ""),
            Variable(
                "steps", "of SGD until the loss was reached; those given where it was not", "steps"
            ),
            Variable("arrived", "whether it was: 1 or 0", ""),
            Variable("stable", "whether the loss was never a tenth above its start: 1 or 0", ""),
            Variable("loss", "over all images, the last one looked at", "loss"),
        ),
        "arms": (
            *_ARM,
            Variable("best_rate", "learning rate chosen", "parameter^2 per loss"),
            Variable("at_edge", "whether it is the smallest or largest tried: 1 or 0", ""),
            Variable(
                "stable_rate",
                "largest rate up to which all were stable; 0: none",
                "parameter^2 per loss",
            ),
            Variable("given", "steps after which a run was given up", "steps"),
            Variable("loss", "to be reached", "loss"),
        ),
        "curvature": (
            *_ARM,
            _RATE,
            Variable("epoch", "of the first judged run", "epochs"),
            Variable("step", "of it", "steps"),
            Variable("loss", "over all images", "loss"),
            *GEOMETRY,
        ),
    },
    training,
)
