"""Claims on what isometric initialisation, and training on the Stiefel manifold, do to Gaussianity.

A measure takes a pair of runs, a scope, a number of batches and the column of a convention, and returns components
(see `claim.Claim`). Percentages are in points.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradnoise.claims.claim import Claim
from gradnoise.claims.evidence import Evidence, Pair, need
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.quantities import MARGIN, Cell, Contrast, compare_two
from gradnoise.claims.scheme.component import Component
from gradnoise.claims.scheme.decision import some
from gradnoise.tables.moderated.contrasts import Scope

ISOMETRIC = "delta_orthogonal"  # the only one of which convolutions of images keep lengths
INITIALISATION, MANIFOLD = ("model", "initialisation"), ("training", "manifold")
DEFAULTS = {INITIALISATION: "default", MANIFOLD: "euclidean"}
SECTIONS = ("data", "model", "training")


def isometric_and_not(experiment: Experiment) -> list[Pair]:
    """Every isometric network beside the same one under each other initialisation."""
    return _pairs(
        experiment,
        INITIALISATION,
        lambda kind: kind == ISOMETRIC,
        "runs that differ in model.initialisation alone, delta_orthogonal one of them",
    )


def on_the_manifold_and_not(experiment: Experiment) -> list[Pair]:
    """Every network trained on the Stiefel manifold beside the same one without."""
    return _pairs(
        experiment,
        MANIFOLD,
        lambda kind: kind == "stiefel",
        "runs that differ in training.manifold alone",
    )


def _pairs(
    experiment: Experiment, key: tuple[str, str], first: Callable[[Any], bool], otherwise: str
) -> list[Pair]:
    """Runs that differ in one key alone; of initialisations, also in their q, which the default does not have."""
    pairs = [
        Pair(one, other)
        for one in experiment.runs
        for other in experiment.runs
        if first(_value(one, key))
        and not first(_value(other, key))
        and _rest(one, key) == _rest(other, key)
    ]
    need(bool(pairs), otherwise)
    return pairs


def _value(run: Evidence, key: tuple[str, str]) -> Any:
    section, name = key
    return run.settings.get(section, {}).get(name, DEFAULTS[key])


def _rest(run: Evidence, key: tuple[str, str]) -> Mapping[str, Any]:
    """Settings of data, model and training without the key; q goes with the initialisation."""
    section, name = key
    return {
        part: {
            each: value
            for each, value in run.settings.get(part, {}).items()
            if not (part == section and each in (name, "q" if section == "model" else name))
        }
        for part in SECTIONS
    }


def at_both_epochs(pair: Pair, scope: Scope, batches: int, column: str) -> Sequence[Component]:
    """Pass of the first run minus pass of the second, in each layer within ±3, before training and after.

    The claim is that this does *not* hold; at the smallest batch size, where there is most to see.
    """
    return _differences(pair, (pair.first.epochs[0], pair.first.epochs[-1]), scope, batches, column)


def after_training(pair: Pair, scope: Scope, batches: int, column: str) -> Sequence[Component]:
    """The same after training: before it the networks are one."""
    return _differences(pair, pair.first.epochs[-1:], scope, batches, column)


def _differences(
    pair: Pair, epochs: Sequence[int], scope: Scope, batches: int, column: str
) -> Sequence[Component]:
    one, other = pair.first, pair.second
    need(one.epochs == other.epochs and one.epochs[-1] > 0, "the same epochs of both, of training")
    size = one.sizes[0]
    need(size == other.sizes[0], "the same smallest batch size of both")
    contrasts = [
        Contrast(
            label=f"{layer} at batch size {size}, epoch {epoch}: {one.name} minus {other.name}",
            cells={Cell(layer, size, epoch): 1},
            least=-MARGIN,
            most=MARGIN,
        )
        for epoch in dict.fromkeys(epochs)
        for layer in one.layers.index
    ]
    return compare_two(one, contrasts, other, contrasts, scope, batches, column)


CLAIMS = [
    Claim(
        "isometry_changes_gaussianity",
        "Isometric initialisation changes how Gaussian the gradient noise is, before or after training",
        "ours",
        "gradnoise",
        "percentage of the delta-orthogonal network minus that of another initialisation, at the smallest batch size",
        at_both_epochs,
        about=isometric_and_not,
        rule=some,
        all_epochs=True,
    ),
    Claim(
        "manifold_changes_gaussianity",
        "Training on the Stiefel manifold changes how Gaussian the gradient noise is",
        "ours",
        "gradnoise",
        "percentage after training on the manifold minus that without, at the smallest batch size",
        after_training,
        about=on_the_manifold_and_not,
        rule=some,
    ),
]
