"""Examples of light and heavy tails, and the samples behind them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from example_figures import PLAIN
from example_results import write_tails
from gradnoise.figures.tails import tail_examples
from gradnoise.rejection.reading import read_examples

SIZES = (16, 64)


def write(folder: Path, name: str, heaviness: float) -> Path:
    path = folder / f"cnn/seed-1/epoch-2/tails/{name}.weight.h5"
    write_tails(path, (name, "convolution", 100, heaviness), SIZES, repeats=1)
    return path.parents[1] / "rejection.h5"


def test_the_papers_layer_is_shown_else_the_one_of_heaviest_tails(tmp_path: Path) -> None:
    write(tmp_path, "conv1", 0.1)
    write(tmp_path, "conv2", 0.9)
    path = write(tmp_path, "conv3", 0.2)
    assert tail_examples.choose(path) == "conv2.weight"
    write(tmp_path, "conv4", 0.0)
    assert tail_examples.choose(path) == "conv4.weight"


def test_series_are_standardised_and_sorted(tmp_path: Path) -> None:
    path = write(tmp_path, "conv1", 1.0)
    rows, top, origin = tail_examples.read(path, "conv1.weight")
    assert origin == {"parameter": "conv1.weight", "seed": 1, "epoch": 2, "batches": 600}
    assert top.tolist() == list(range(tail_examples.THUMBNAILS))
    examples = read_examples(path, "conv1.weight")
    assert len(rows) == len(examples) * 100
    lowest = rows[rows["role"] == "lowest"]
    samples = examples[0].samples.astype(float)
    expected = np.sort((samples - samples.mean()) / samples.std(ddof=1))
    np.testing.assert_allclose(lowest["standardised"], expected)
    assert set(lowest["alpha"]) == {examples[0].alpha}
    assert set(lowest["coordinate"]) == {examples[0].position}


@pytest.mark.parametrize("width", [6.9, 3.3])
def test_roles_stand_from_the_heaviest_tails_on_and_then_larger_batches(
    tmp_path: Path, width: float
) -> None:
    rows, _, origin = tail_examples.read(write(tmp_path, "conv1", 1.0), "conv1.weight")
    changed = {"lowest": 0.7, "rejected": 1.52, "median": 0.81, "highest": 1.77}
    rows["alpha"] = rows["role"].map(changed).fillna(rows["alpha"])
    images = np.zeros((3, 4, 4)), ["cat", "dog", "cat"]
    settings = replace(PLAIN, style={"width": width})
    drawn = tail_examples.draw(rows, images, origin, settings)
    shown = [axes for axes in drawn.axes if axes.axison]
    titles = [axes.get_title(loc="left") for axes in shown]
    followed = rows[(rows["role"] == "followed") & (rows["batch_size"] == 64)]["alpha"].iloc[0]
    assert titles == [
        "a  lowest: α = 0.70",
        "b  median: α = 0.81",
        "c  rejected: α = 1.52",
        "d  highest: α = 1.77",
        f"e  B = 64: α = {followed:.2f}",  # at 16 it is the lowest, which is there already
    ]
    assert len({axes.get_xlim() for axes in shown}) == 1
    assert len({axes.get_ylim() for axes in shown}) == 1
    assert [axes.get_title() for axes in drawn.axes if not axes.axison].count("cat") == 2
    without = tail_examples.draw(rows, None, origin, settings)
    assert not [axes for axes in without.axes if axes.images]
    labels = [text.get_text() for text in drawn.legends[0].texts]
    assert labels[0] == "conv1.weight, seed 1, epoch 2, n = 600, B = 16"


def test_a_series_without_an_index_has_none(tmp_path: Path) -> None:
    rows, _, origin = tail_examples.read(write(tmp_path, "conv1", 1.0), "conv1.weight")
    rows.loc[(rows["role"] == "followed") & (rows["batch_size"] == 64), "alpha"] = np.nan
    titles = [
        axes.get_title(loc="left") for axes in tail_examples.draw(rows, None, origin, PLAIN).axes
    ]
    assert "e  B = 64: no index" in titles


def test_constant_series_say_so(tmp_path: Path) -> None:
    rows, _, origin = tail_examples.read(write(tmp_path, "conv1", 1.0), "conv1.weight")
    rows.loc[rows["role"] == "median", "standardised"] = np.nan
    drawn = tail_examples.draw(rows, None, origin, PLAIN)
    texts = [text.get_text() for axes in drawn.axes for text in axes.texts]
    assert texts == ["constant"]
