"""Stage: clt."""

from gradnoise import stage
from gradnoise.clt import results
from gradnoise.clt.analysis import analyse
from gradnoise.clt.inputs import read_inputs
from gradnoise.clt.settings import Settings
from gradnoise.stage import without_linear_algebra


def main() -> None:
    """Stage: gradients, moments and tests of one parameter to one HDF5 file."""
    options = stage.parse(
        "How fast a layer's noise becomes Gaussian.", inputs=("gradients", "moments", "gaussianity")
    )
    settings = stage.read_settings(Settings, options.settings)
    paths = options.gradients, options.moments, options.gaussianity
    layer, attributes = read_inputs(*paths, settings.parameter)
    results.write(options.output, analyse(layer, settings), attributes)


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
