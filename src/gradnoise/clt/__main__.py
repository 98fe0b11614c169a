"""Stage: clt."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from gradnoise import stage
from gradnoise.clt import results
from gradnoise.clt.analysis import analyse
from gradnoise.clt.summary import Layer
from gradnoise.gradients.reader import open_gradients
from gradnoise.stage import without_linear_algebra
from gradnoise.store.arrays import open_store

MOMENTS = ("mean", "variance", "third_absolute", "third", "fourth")


def read(
    gradients: Path, moments: Path, gaussianity: Path, parameter: str
) -> tuple[Layer, dict[str, Any]]:
    """Open what earlier stages found of one parameter, and what they say of it."""
    root = open_store(moments)
    found = {}
    if parameter in root:
        found = {name: np.asarray(root[f"{parameter}/{name}"][...]) for name in MOMENTS}  # type: ignore[index]
    with h5py.File(gaussianity) as file:
        pvalues = np.asarray(file["coordinates/pvalue"][...])
        index = np.asarray(file["coordinates/index"][...])
        attributes: dict[str, Any] = dict(file.attrs)
    array, _ = open_gradients(gradients, parameter, index)
    about: dict[str, Any] = root.attrs.asdict()
    attributes |= {"moments": about["strategy"], "moments_reason": about.get("reason", "")}
    return Layer(array, found, int(about["sample_count"]), index, pvalues), attributes


def main() -> None:
    """Stage: gradients, moments and tests of one parameter to one HDF5 file."""
    arguments = stage.parse(
        "How fast a layer's noise becomes Gaussian.", inputs=("gradients", "moments", "gaussianity")
    )
    settings = arguments.settings
    paths = arguments.gradients, arguments.moments, arguments.gaussianity
    layer, attributes = read(*paths, settings["parameter"])
    coordinates, tables, numbers = analyse(layer, settings)
    results.write(arguments.output, coordinates, tables, {**attributes, **numbers})


if __name__ == "__main__":
    with without_linear_algebra():
        stage.run(main)
