"""Third moments of every coordinate of a checkpoint."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_figures import SETTINGS, draw
from gradnoise.clt import results as clt_results
from gradnoise.figures.clt import third_moments
from gradnoise.store.variables import quantile_names

ABOUT = {"kind": "weight", "operation": "convolution", "seed": 0, "epoch": 5, "sample_count": 400}


def write(folder, layer: str, block: int = 0, index: int = 1, rho=(1.2, np.nan), **about):
    path = folder / f"{layer}.weight.h5"
    arrays = {"index": np.arange(len(rho))} | ({"rho": np.array(rho)} if len(rho) else {})
    about = {**ABOUT, "layer": layer, "parameter": f"{layer}.weight", **about}
    clt_results.write(
        path, clt_results.Analysis(arrays, {}, {}), {**about, "block": block, "index": index}
    )
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


RHO = np.linspace(1.3, 9, 9)
ROWS = pd.DataFrame(
    {"layer": ["a"] * 9 + ["b"], "rho": [*RHO, np.nan], "seed": 0, "epoch": 5, "samples": 400}
)
OTHERS = pd.DataFrame(
    [
        {"layer": "a", "seed": seed, **dict(zip(quantile_names("rho"), values, strict=True))}
        for seed, values in ((1, (2, 3, 4, 5, 6)), (2, (3, 4, 5, 6, 7)))
    ]
)


def heights(axes, marker: str) -> list[float]:
    return [10 ** line.get_ydata()[0] for line in axes.lines if line.get_marker() == marker]


def test_quantiles_of_the_network_and_of_the_others_are_drawn():
    axes = third_moments.draw(ROWS, OTHERS, SETTINGS).axes[0]
    assert [text.get_text() for text in axes.texts] == ["all\nconstant"]
    assert heights(axes, "o") == pytest.approx([RHO[4]])
    assert heights(axes, "_") == pytest.approx([4, 5])
    spans = [10 ** each.get_segments()[0][:, 1] for each in axes.collections[1:]]
    logs = np.percentile(np.log10(RHO), [5, 95]), np.percentile(np.log10(RHO), [25, 75])
    expected = [10 ** logs[0], 10 ** logs[1], [2, 6], [3, 7]]
    for span, ends in zip(spans, expected, strict=True):
        np.testing.assert_allclose(span, ends, rtol=1e-9)


def test_limits_are_drawn_and_named():
    drawn = third_moments.draw(ROWS, OTHERS, SETTINGS)
    axes = drawn.axes[0]
    levels = [10 ** line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1]
    assert pytest.approx(1.595769) == third_moments.GAUSSIAN
    assert levels[-2] == pytest.approx(third_moments.GAUSSIAN)
    assert levels[-1] == pytest.approx(20)
    bottom, top = (10**end for end in axes.get_ylim())
    assert 1.0 < bottom < 1.3
    assert 20 < top < 30
    labels = [text.get_text() for text in drawn.legends[0].texts]
    assert labels == [
        "seed 0, epoch 5: 5, 25, 50, 75, 95 % of coordinates",
        "seeds 1, 2: 5, 50, 95 %",
        "Gaussian gradients: 1.596",
        "most that 400 samples allow: 20",
    ]


@pytest.mark.parametrize(("network", "numbers"), [("resnet56", "0.01 to 0.02"), ("alexnet", "0.2")])
def test_the_papers_numbers_are_named_as_impossible(network, numbers):
    drawn = third_moments.draw(ROWS, OTHERS[:0], replace(SETTINGS, network=network))
    labels = [text.get_text() for text in drawn.legends[0].texts]
    assert labels[-1] == f"published: around {numbers}, which no standardised moment is"
    assert not any(label.startswith("seeds") for label in labels)


def test_other_networks_come_from_the_tables(results, tmp_path):
    draw("third_moments", results, tmp_path / "figure.pdf")
    shown = pd.read_csv(tmp_path / "figure.csv")
    assert set(shown["seed"]) == {0}
    assert len(shown) == 40 * shown["layer"].nunique()
