"""Third moments of every coordinate of a checkpoint."""

import numpy as np
import pandas as pd
import pytest

from example_figures import SETTINGS
from gradnoise.clt import results
from gradnoise.figures.clt import third_moments

ABOUT = {"kind": "weight", "operation": "convolution", "seed": 0, "epoch": 5}


def write(folder, layer: str, block: int = 0, index: int = 1, rho=(1.2, np.nan), **about):
    path = folder / f"{layer}.weight.h5"
    arrays = {"index": np.arange(len(rho))} | ({"rho": np.array(rho)} if len(rho) else {})
    about = {**ABOUT, "layer": layer, "parameter": f"{layer}.weight", **about}
    results.write(path, results.Analysis(arrays, {}, {}), {**about, "block": block, "index": index})
    return path


def test_every_coordinate_of_layers_with_moments_is_read(tmp_path):
    paths = [write(tmp_path, "conv1"), write(tmp_path, "conv2", rho=())]
    paths.append(write(tmp_path, "norm1", kind="norm", operation="normalisation"))
    rows = third_moments.read(paths)
    assert list(rows["layer"]) == ["conv1", "conv1"]
    assert rows["rho"].tolist() == pytest.approx([1.2, np.nan], nan_ok=True)


def test_of_residual_networks_the_layers_of_the_paper_stand_alone(tmp_path):
    paths = [
        write(tmp_path, f"block{block}.layer{index}", block, index)
        for block in (2, 3)
        for index in (1, 2, 3, 11)
    ]
    shown = list(third_moments.read(paths)["layer"].unique())
    assert shown == [f"block3.layer{index}" for index in (1, 2, 11)]


def test_without_any_moments_there_is_nothing(tmp_path):
    assert third_moments.read([write(tmp_path, "conv1", rho=())]).empty


def test_constant_layers_are_named_so_and_gaussian_gradients_marked():
    rows = pd.DataFrame(
        {
            "layer": ["a"] * 9 + ["b"],
            "rho": [*np.linspace(1.1, 9, 9), np.nan],
            "seed": 0,
            "epoch": 5,
        }
    )
    axes = third_moments.draw(rows, SETTINGS).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["all constant", "Gaussian gradients: 1.596"]
    assert pytest.approx(1.595769) == third_moments.GAUSSIAN
    median = axes.lines[0].get_ydata()[0]
    assert 10**median == pytest.approx(np.linspace(1.1, 9, 9)[4])
