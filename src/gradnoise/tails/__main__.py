"""Are the tails of a layer's gradient noise heavy, and what makes them? One job per layer: all repeats, batch sizes.

Every number stands beside the same estimator's on Gaussian noise. Where per-sample gradients are stored, the growth of
their moments says what no index of resampled noise can say, and the samples behind the tails are named.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradnoise import stage
from gradnoise.data.excerpts import read_targets
from gradnoise.draws.batches import Draws
from gradnoise.gaussianity.results import read_tested
from gradnoise.gradients.reader import open_gradients
from gradnoise.noise.store import ParameterNoise, open_parameter, require_same_series
from gradnoise.stage import without_linear_algebra
from gradnoise.tails import growth, influence
from gradnoise.tails.analysis import analyse_tails, tail_examples
from gradnoise.tails.population import analyse_samples
from gradnoise.tails.results import write


def main() -> None:
    """Stage: noise of one checkpoint's repeats and their test results to one parameter's HDF5 file."""
    arguments = stage.parse(
        "Tail indices of a layer's gradient noise.",
        inputs=("gaussianity", "gradients", "data"),
        several=("noise",),
    )
    settings = arguments.settings
    opened = [open_parameter(path, settings["parameter"]) for path in arguments.noise]
    require_same_series(opened)
    first, repeats = opened[0], [int(noise.attributes["repeat"]) for noise in opened]
    batches, classes, pvalues = read_tested(arguments.gaussianity, first, repeats)
    significance = settings["significance"]
    analysis = analyse_tails(
        [noise.noise for noise in opened],
        first.batch_sizes,
        batches,
        repeats,
        classes,
        pvalues,
        settings["methods"],
        settings["seed"],
        significance,
    )
    shown = tail_examples(
        analysis, first.noise, first.batch_sizes, batches, classes, pvalues, significance
    )
    arrays, tables, reason = _samples(arguments, first, batches, shown)
    write(
        arguments.output,
        analysis,
        shown,
        first.coordinate,
        {"batch_sizes": first.batch_sizes, "repeats": repeats},
        arrays,
        tables,
        {**_attributes(first, settings), "batches": batches, "samples": reason},
    )


def _samples(
    arguments: Any, noise: ParameterNoise, batches: int, shown: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]], str]:
    """What per-sample gradients add: arrays, tables, and why there are none."""
    gradients, stored = open_gradients(
        arguments.gradients, arguments.settings["parameter"], noise.coordinate
    )
    if gradients is None:
        return {}, {}, stored["reason"]
    if gradients.shape[0] < growth.SMALLEST:
        return {}, {}, f"fewer than {growth.SMALLEST} samples"
    targets, classes = read_targets(arguments.data)
    drawn = noise.attributes
    draws = Draws(drawn["seed"], drawn["repeat"], drawn["sampling"], drawn["sample_count"])
    arrays, tables = analyse_samples(
        gradients, noise.coordinate, draws, noise.batch_sizes, batches, targets, classes
    )
    columns = [np.asarray(gradients[:, one["position"]]) for one in shown]
    arrays["behind_examples"] = np.array([influence.behind(column) for column in columns], np.int64)
    return arrays, tables, "per-sample gradients"


def _attributes(noise: ParameterNoise, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of the results: those of the noise that hold for all repeats, and the settings."""
    # `seed` is that of the training; what was simulated here has its own.
    chosen = {name: value for name, value in settings.items() if name != "seed"}
    return {**noise.lasting, **chosen, "simulation_seed": settings["seed"]}


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
