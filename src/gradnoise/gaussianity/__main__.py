"""Stage: gaussianity."""

from typing import Any

from gradnoise import stage
from gradnoise.gaussianity.analysis import describe_layer, examples
from gradnoise.gaussianity.results import write
from gradnoise.gaussianity.settings import Settings
from gradnoise.noise.store import ParameterNoise, open_parameter, require_same_series
from gradnoise.stage import without_linear_algebra


def main() -> None:
    """Stage: noise stores of one checkpoint's repeats to one parameter's HDF5 file."""
    arguments = stage.parse("Test a layer's gradient noise for normality.", several=("noise",))
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
