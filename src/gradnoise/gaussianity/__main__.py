"""Stage: gaussianity."""

from argparse import Namespace
from typing import Any

from gradnoise import stage
from gradnoise.gaussianity.analysis import describe_layer, examples
from gradnoise.gaussianity.results import write
from gradnoise.gaussianity.settings import Settings
from gradnoise.noise.layers import each_layer
from gradnoise.noise.store import ParameterNoise, open_parameter, require_same_series
from gradnoise.stage import without_linear_algebra


def main() -> None:
    """Stage: noise stores of one checkpoint's repeats to an HDF5 file of each of some parameters."""
    about = "Test the gradient noise of some layers for normality."
    each_layer(stage.parse(about, outputs=(), several=("noise",), made=("output",)), _test)


def _test(arguments: Namespace) -> None:
    """One parameter."""
    settings = stage.read_settings(Settings, arguments.settings)
    opened = [open_parameter(path, settings.parameter) for path in arguments.noise]
    require_same_series(opened)
    first, batches = opened[0], settings.batches
    repeats = [int(noise.attributes["repeat"]) for noise in opened]
    coordinates = describe_layer([noise.noise for noise in opened], batches)
    directions = describe_layer([noise.noise_along_directions for noise in opened], batches)
    shown = examples(coordinates, first.noise, first.batch_sizes, batches)
    axes = {"batch_sizes": first.batch_sizes, "batches": batches, "repeats": repeats}
    write(
        arguments.output,
        coordinates,
        directions,
        shown,
        first.coordinate,
        axes,
        _attributes(first, settings),
    )


def _attributes(noise: ParameterNoise, settings: Settings) -> dict[str, Any]:
    """Attributes of the results: those of the noise that hold for all repeats, and the settings."""
    return {**noise.lasting, "parameter": settings.parameter}


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
