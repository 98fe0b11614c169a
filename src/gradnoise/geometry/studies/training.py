"""How fast networks come to a fixed loss, each arm at its own best learning rate, and their geometry on the way.

An arm is an initialisation, a manifold, a depth and a q. Its best rate is chosen on seeds of its own: fewest runs that do not
arrive, then the smallest mean of the logarithm of steps; where none arrives at any rate, the lowest loss. Other seeds are judged at that rate.
The largest stable rate of every seed, of both kinds, is found by bisection, to a tenth: the loss does not rise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from gradnoise.geometry.descents import (
    PATIENCE,
    RISE,
    Arm,
    Descent,
    Ensemble,
    brackets,
    descend,
)
from gradnoise.geometry.measures import GEOMETRY, geometry
from gradnoise.geometry.networks import Images, images
from gradnoise.geometry.settings import Descending
from gradnoise.store.studies import Rows, Study
from gradnoise.store.variables import Variable

CHOOSING, JUDGED = (1, 2, 3), (4, 5, 6, 7, 8)  # seeds
FOLLOWED = (0, 1, 2, 3, 5, 8, 12, 20, 30)  # epochs at which the first judged seed is measured
LEVEL = 0.025  # one-sided
RESOLUTION = 1.1  # smallest rate found unstable over the largest found stable, at most


@dataclass(frozen=True)
class Settings(Descending):
    """What the job of an arm reads.

    Attributes:
        depth: layers of weights.
        initialisation: "orthogonal" or "gaussian".
        manifold: "euclidean" or "stiefel".
        q: variance of the preactivations.
        samples: images on which Fisher information and Jacobian are measured.
        rates: learning rates that it is trained at, ascending.
    """

    depth: int
    initialisation: str
    manifold: str
    q: float
    samples: int
    rates: Sequence[float]


def training(settings: Settings) -> dict[str, Rows]:
    """All runs of an arm, its row, its stable rates, and its first judged network followed."""
    arm = Arm(settings.depth, settings.initialisation, settings.manifold, settings.q)
    shown = images(settings.seed, settings.images)
    chosen = [(rate, seed) for rate in settings.rates for seed in CHOOSING]
    found = descend(arm, chosen, shown, settings)
    count = len(CHOOSING)
    sweep = {
        rate: found[count * place : count * (place + 1)]
        for place, rate in enumerate(settings.rates)
    }
    best = best_rate(sweep)
    judged = [(best, seed) for seed in JUDGED]
    runs = [(*run, 0, one) for run, one in zip(chosen, found, strict=True)]
    runs += [
        (*run, 1, one)
        for run, one in zip(judged, descend(arm, judged, shown, settings), strict=True)
    ]
    about = arm._asdict()
    descents: Rows = [
        {**about, "learning_rate": rate, "judged": counts, "seed": seed, **numbers(run)}
        for rate, seed, counts, run in runs
    ]
    stability = stable_rates(arm, stable_rate(sweep), shown, settings)
    row = {
        **about,
        "best_rate": best,
        "at_edge": int(best in (settings.rates[0], settings.rates[-1])),
        **mean_rate(stability),
        "given": settings.steps,
        "loss": settings.loss,
    }
    return {
        "descents": descents,
        "arms": [row],
        "stability": stability,
        "curvature": followed(arm, best, shown, settings),
    }


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


def stable_rates(arm: Arm, near: float, shown: Images, settings: Settings) -> Rows:
    """Between which rates every seed ceases to be stable, at most RESOLUTION apart.

    Args:
        arm: what is trained.
        near: where to look first; 0 for below the smallest rate.
        shown: the images.
        settings: of the job.
    """
    seeds = (*CHOOSING, *JUDGED)
    shorter = replace(settings, steps=min(settings.steps, PATIENCE))

    def stable(rates: NDArray[np.float64], which: NDArray[np.int64]) -> NDArray[np.bool_]:
        runs = [(float(rate), seeds[place]) for rate, place in zip(rates, which, strict=True)]
        return np.array([run.stable for run in descend(arm, runs, shown, shorter, RISE)])

    near = near or settings.rates[0] / 2
    low, high = brackets(stable, np.full(len(seeds), near), RESOLUTION)
    rows = zip(seeds, low, high, strict=True)
    return [
        {**arm._asdict(), "seed": seed, "stable": float(below), "unstable": float(above)}
        for seed, below, above in rows
    ]


def mean_rate(stability: Rows) -> dict[str, float]:
    """Geometric mean over seeds of the brackets' middles; ends of its 95 % interval."""
    ends = np.array([[row["stable"], row["unstable"]] for row in stability])
    logs = np.log(ends).mean(axis=1)
    half = -float(stdtrit(len(logs) - 1, LEVEL)) * logs.std(ddof=1) / np.sqrt(len(logs))
    middle = logs.mean()
    return {
        "stable_rate": float(np.exp(middle)),
        "stable_rate_lower": float(np.exp(middle - half)),
        "stable_rate_upper": float(np.exp(middle + half)),
    }


def numbers(run: Descent) -> dict[str, Any]:
    """A run as its table has it."""
    return {name: int(value) if name != "loss" else value for name, value in run._asdict().items()}


def followed(arm: Arm, rate: float, shown: Images, settings: Settings) -> Rows:
    """Geometry of the first judged network over the epochs; an epoch is as many steps as batches fill the images."""
    per_epoch = max(1, settings.images // settings.batch_size)
    inputs = shown.at(arm.q)[: settings.samples]
    one = Ensemble(arm, [(rate, JUDGED[0])], shown, settings)
    rows = []
    for step in range(settings.steps + 1):
        epoch, rest = divmod(step, per_epoch)
        if rest == 0 and epoch in FOLLOWED:
            about = {**arm._asdict(), "learning_rate": rate, "epoch": epoch, "step": step}
            loss = {"loss": float(one.losses()[0])}
            rows.append(about | loss | geometry(one.network(0), inputs))
        if epoch > FOLLOWED[-1]:
            break
        one.step()
    return rows


_ARM = (
    Variable("depth", "layers of weights"),
    Variable("initialisation", "orthogonal or gaussian", ""),
    Variable("manifold", "euclidean, or stiefel: hidden weights stay orthogonal", ""),
    Variable("q", "variance of the preactivations at which it is critical"),
)
_RATE = Variable("learning_rate", "of SGD", "parameter^2 per loss")

STUDY = Study(
    Settings,
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
                "largest stable rate, geometric mean over the seeds of the table stability",
                "parameter^2 per loss",
            ),
            Variable("stable_rate_lower", "lower end of its 95 % interval", "parameter^2 per loss"),
            Variable("stable_rate_upper", "upper end", "parameter^2 per loss"),
            Variable("given", "steps after which a run was given up", "steps"),
            Variable("loss", "to be reached", "loss"),
        ),
        "stability": (
            *_ARM,
            Variable("seed", "of the network and its batches", ""),
            Variable("stable", "largest rate found stable", "parameter^2 per loss"),
            Variable(
                "unstable", "smallest rate found not to be, next to it", "parameter^2 per loss"
            ),
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
