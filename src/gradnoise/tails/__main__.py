"""Are the tails of a layer's gradient noise heavy, and what makes them? Of every layer all repeats and batch sizes.

Where per-sample gradients are stored, the growth of their moments says what no index of resampled noise can say, and the
samples behind the tails are named. What the test rejects, and the same estimator on Gaussian noise, come later (`rejection`).
"""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradnoise import stage
from gradnoise.data.excerpts import read_targets
from gradnoise.draws.batches import Draws
from gradnoise.gradients.store import open_gradients
from gradnoise.noise.layers import each_layer
from gradnoise.noise.store import Noise, ParameterNoise, open_parameter, require_same_series
from gradnoise.stage import without_linear_algebra
from gradnoise.tails import growth
from gradnoise.tails.analysis import measure_tails
from gradnoise.tails.population import Population, analyse_samples
from gradnoise.tails.results import write
from gradnoise.tails.settings import Settings


def main() -> None:
    """Stage: noise of one checkpoint's repeats to an HDF5 file of each of some parameters."""
    options = stage.parse(
        "Tail indices of the gradient noise of some layers.",
        inputs=("gradients", "data"),
        outputs=(),
        several=("noise",),
        made=("output",),
    )
    each_layer(options, _measure)


def _measure(options: Namespace) -> None:
    """One parameter."""
    settings = stage.read_settings(Settings, options.settings)
    opened = [open_parameter(path, settings.parameter) for path in options.noise]
    require_same_series(opened)
    first, repeats = opened[0], [int(noise.attributes["repeat"]) for noise in opened]
    found = measure_tails(
        [noise.noise for noise in opened],
        first.batch_sizes,
        settings.batches,
        repeats,
        settings.methods,
        settings.seed,
    )
    gradients, stored = open_gradients(options.gradients, settings.parameter, first.coordinate)
    population = Population({}, {})
    if gradients is None:
        reason = stored["reason"]
    elif gradients.shape[0] < growth.SMALLEST:
        reason = f"fewer than {growth.SMALLEST} samples"
    else:
        reason = "per-sample gradients"
        drawn = first, repeats, settings.batches
        population = _population(gradients, options.data, *drawn, options.output.parent)
    axes = {"batch_sizes": first.batch_sizes, "repeats": repeats}
    attributes = {**_attributes(first, settings), "samples": reason}
    write(options.output, found, population, first.coordinate, axes, attributes)


def _population(
    gradients: Noise,
    data: Path,
    noise: ParameterNoise,
    repeats: Sequence[int],
    batches: int,
    folder: Path,
) -> Population:
    """What per-sample gradients add."""
    targets, classes = read_targets(data)
    drawn = noise.attributes
    draws = Draws(drawn["seed"], drawn["repeat"], drawn["sampling"], drawn["sample_count"])
    return analyse_samples(
        gradients,
        noise.coordinate,
        draws,
        repeats,
        noise.batch_sizes,
        batches,
        targets,
        classes,
        folder,
    )


def _attributes(noise: ParameterNoise, settings: Settings) -> dict[str, Any]:
    """Attributes of the results: those of the noise that hold for all repeats, and the settings."""
    # `seed` is that of the training; what was simulated here has its own.
    chosen = {name: value for name, value in vars(settings).items() if name != "seed"}
    return {**noise.lasting, **chosen, "simulation_seed": settings.seed}


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
