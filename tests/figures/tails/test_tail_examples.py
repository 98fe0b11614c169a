"""Examples of light and heavy tails, and the samples behind them."""

from pathlib import Path

import numpy as np
import pytest

from example_figures import PLAIN
from example_results import write_tails
from gradnoise.errors import InputError
from gradnoise.figures.tails import tail_examples
from gradnoise.tails.results import read_examples

SIZES = (16, 64)


def write(folder: Path, name: str, heaviness: float) -> Path:
    path = folder / f"cnn/seed-1/epoch-2/tails/{name}.weight.h5"
    write_tails(path, (name, "convolution", 100, heaviness), SIZES, repeats=1)
    return path


def test_the_papers_layer_is_shown_else_the_one_of_heaviest_tails(tmp_path: Path) -> None:
    paths = [write(tmp_path, name, by) for name, by in (("conv1", 0.1), ("conv2", 0.9))]
    assert tail_examples.choose(paths) == paths[1]
    assert tail_examples.choose(paths[::-1]) == paths[1]
    fourth = write(tmp_path, "conv4", 0.0)
    assert tail_examples.choose([*paths, fourth]) == fourth
    with pytest.raises(InputError, match="needs per-layer files"):
        tail_examples.choose([])


def test_series_are_standardised_and_sorted(tmp_path: Path) -> None:
    path = write(tmp_path, "conv1", 1.0)
    rows, top, origin = tail_examples.read(path)
    assert origin == {"parameter": "conv1.weight", "seed": 1, "epoch": 2, "batches": 600}
    assert top.tolist() == list(range(tail_examples.THUMBNAILS))
    examples = read_examples(path)
    assert len(rows) == len(examples) * 100
    lowest = rows[rows["role"] == "lowest"]
    samples = examples[0].samples.astype(float)
    expected = np.sort((samples - samples.mean()) / samples.std(ddof=1))
    np.testing.assert_allclose(lowest["standardised"], expected)
    assert set(lowest["alpha"]) == {examples[0].alpha}
    assert set(lowest["coordinate"]) == {examples[0].position}


def test_a_panel_a_role_and_a_panel_a_batch_size(tmp_path: Path) -> None:
    rows, _, origin = tail_examples.read(write(tmp_path, "conv1", 1.0))
    images = np.zeros((3, 4, 4)), ["cat", "dog", "cat"]
    drawn = tail_examples.draw(rows, images, origin, PLAIN)
    titles = [axes.get_title(loc="left") for axes in drawn.axes if axes.axison]
    titles += [axes.get_title(loc="center") for axes in drawn.axes if not axes.axison]
    for role in tail_examples.ROLES.values():
        assert sum(title.startswith(f"{role}:") for title in titles) == 1
    for size in SIZES:
        assert sum(title.startswith(f"batch {size}:") for title in titles) == 1
    assert titles.count("cat") == 2
    without = tail_examples.draw(rows, None, origin, PLAIN)
    assert len(without.axes) == len(drawn.axes) - 3


def test_constant_series_say_so(tmp_path: Path) -> None:
    rows, _, origin = tail_examples.read(write(tmp_path, "conv1", 1.0))
    rows.loc[rows["role"] == "median", "standardised"] = np.nan
    drawn = tail_examples.draw(rows, None, origin, PLAIN)
    texts = [text.get_text() for axes in drawn.axes for text in axes.texts]
    assert texts == ["constant"]
