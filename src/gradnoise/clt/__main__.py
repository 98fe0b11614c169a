"""Stage: clt."""

from argparse import Namespace

from gradnoise import stage
from gradnoise.clt import results
from gradnoise.clt.analysis import analyse
from gradnoise.clt.inputs import read_inputs
from gradnoise.clt.settings import Settings
from gradnoise.noise.layers import each_layer
from gradnoise.stage import without_linear_algebra


def main() -> None:
    """Stage: gradients, moments and tests of some parameters to an HDF5 file of each."""
    options = stage.parse(
        "How fast the noise of some layers becomes Gaussian.",
        inputs=("gradients", "moments"),
        outputs=(),
        several=("gaussianity",),
        made=("output",),
    )
    each_layer(options, _describe, own=("gaussianity",))


def _describe(options: Namespace) -> None:
    """One parameter."""
    settings = stage.read_settings(Settings, options.settings)
    paths = options.gradients, options.moments, options.gaussianity
    layer, attributes = read_inputs(*paths, settings.parameter)
    results.write(options.output, analyse(layer, settings), attributes)


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
