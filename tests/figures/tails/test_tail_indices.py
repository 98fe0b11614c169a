"""Histograms of tail indices: all layers and repeats of a checkpoint."""

from pathlib import Path

import numpy as np
import pytest

from example_figures import PLAIN
from example_results import write_tails
from gradnoise.figures.tails import tail_indices
from gradnoise.tails.results import read_histograms
from gradnoise.tails.stable.index import DEFAULT

SIZES = (16, 64, 256)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    found = []
    for name, size in (("conv1", 100), ("linear1", 300)):
        path = tmp_path / f"cnn/seed-0/epoch-2/tails/{name}.weight.h5"
        write_tails(path, (name, "convolution", size, 1.0), SIZES, repeats=2)
        found.append(path)
    return found


def test_counts_are_summed_over_layers_and_repeats(paths: list[Path]) -> None:
    rows = tail_indices.read(paths)
    assert len(rows) == len(SIZES) * len(tail_indices.KINDS) * 60
    files = [read_histograms(path, DEFAULT) for path in paths]
    for s, size in enumerate(SIZES):
        live = rows[(rows["batch_size"] == size) & (rows["kind"] == "live")].sort_values("alpha")
        expected = sum(file.live[s].sum(axis=0) for file in files)
        np.testing.assert_array_equal(live["count"], expected)
        null = rows[(rows["batch_size"] == size) & (rows["kind"] == "null")].sort_values("alpha")
        np.testing.assert_array_equal(null["count"], sum(file.null for file in files))
    assert live["alpha"].iloc[0] == pytest.approx(0.5 + 0.0125)
    assert live["width"].to_numpy() == pytest.approx(0.025)


def test_smallest_and_largest_batches_are_drawn_in_percent(paths: list[Path]) -> None:
    rows = tail_indices.read(paths)
    drawn = tail_indices.draw(rows, PLAIN)
    assert [axes.get_title(loc="left") for axes in drawn.axes] == [
        "Batch size 16",
        "Batch size 256",
    ]
    for axes in drawn.axes:
        outlines = [patch for patch in axes.patches if not patch.get_fill()]
        assert len(outlines) == len(tail_indices.KINDS)
        for outline in outlines:
            assert outline.get_data().values.sum() == pytest.approx(100)
            assert outline.get_data().edges[[0, -1]] == pytest.approx([0.5, 2.0])


def test_kinds_without_coordinates_are_left_out(paths: list[Path]) -> None:
    rows = tail_indices.read(paths)
    rows.loc[rows["kind"] == "rejected", "count"] = 0
    labels = tail_indices.draw(rows, PLAIN).axes[0].get_legend_handles_labels()[1]
    assert labels == [text for kind, (text, _) in tail_indices.KINDS.items() if kind != "rejected"]
