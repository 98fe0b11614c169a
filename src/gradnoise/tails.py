"""Are the tails of a layer's gradient noise heavy, and what makes them? One job per layer: all repeats, batch sizes.

Every number stands beside the same estimator's on Gaussian noise. Where per-sample gradients are stored, the growth of
their moments says what no index of resampled noise can say, and the samples behind the tails are named.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from gradnoise import growth, influence, stage
from gradnoise.blocks import without_linear_algebra
from gradnoise.draws import Draws
from gradnoise.noise_store import ParameterNoise, open_parameter, require_same_series
from gradnoise.pooled import PooledIndex, pooled_mohammadi, predicted_pooled
from gradnoise.store import InputError
from gradnoise.stored_gradients import open_gradients
from gradnoise.tail_analysis import TailAnalysis, analyse_tails, tail_examples
from gradnoise.tail_index import METHODS, StableFit, TailIndex, maximum_likelihood, tail_index, warm
from gradnoise.tail_samples import analyse_samples
from gradnoise.tails_file import write

__all__ = [
    "METHODS",
    "PooledIndex",
    "StableFit",
    "TailAnalysis",
    "TailIndex",
    "analyse_tails",
    "maximum_likelihood",
    "pooled_mohammadi",
    "predicted_pooled",
    "tail_examples",
    "tail_index",
    "warm",
]


def read_tested(
    path: Path, noise: ParameterNoise, repeats: Sequence[int]
) -> tuple[int, NDArray[np.uint8], NDArray[np.float64]]:
    """Classes and p-values that the gaussianity stage found, with its largest number of batches.

    Returns:
        The number of batches, and arrays (S, R, C).

    Raises:
        InputError: where the file is missing, damaged, or of other series than the noise.
    """
    try:
        with h5py.File(path) as file:
            k = int(np.argmax(file["batches"][...]))
            found = (
                int(file["batches"][k]),
                file["coordinates/class"][:, k],
                file["coordinates/pvalue"][:, k],
            )
            axes = [file[name][...].tolist() for name in ("batch_sizes", "repeats")]
            index = file["coordinates/index"][...]
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: expected a complete gaussianity file, found {error}") from None
    if axes != [noise.batch_sizes, list(repeats)] or not np.array_equal(index, noise.coordinate):
        raise InputError(
            f"{path}: found other batch sizes, repeats or coordinates than in the noise"
        )
    return found


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
    targets, classes = influence.read_targets(arguments.data)
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
