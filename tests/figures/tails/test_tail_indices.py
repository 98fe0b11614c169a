"""Tail indices of the first layer: live and rejected coordinates, beside Gaussian noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from example_figures import PLAIN
from example_results import write_tails
from gradnoise.errors import InputError
from gradnoise.figures.tails import tail_indices
from gradnoise.rejection.reading import read_histograms, read_rejected
from gradnoise.tails.stable.index import DEFAULT

SIZES = (16, 64, 256)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    for name, size in (("conv1", 100), ("linear1", 300)):
        path = tmp_path / f"cnn/seed-0/epoch-2/tails/{name}.weight.h5"
        write_tails(path, (name, "convolution", size, 1.0), SIZES, repeats=2)
    return [path.parents[1] / "rejection.h5"]


def test_counts_are_of_the_first_layer_summed_over_repeats(paths: list[Path]) -> None:
    rows = tail_indices.read(paths)
    assert len(rows) == 3 * (len(SIZES) + 1) * 60
    assert set(rows["layer"]) == {"conv1"}
    live, rejected = (
        read(paths[0], "conv1.weight", method)
        for read, method in ((read_histograms, DEFAULT), (read_rejected, "ml"))
    )
    kinds = ("live", DEFAULT, live.live, live.null), ("rejected", "ml", *rejected[2:])
    for population, method, counts, null in kinds:
        mine = rows[(rows["population"] == population) & (rows["method"] == method)]
        for s, size in enumerate(SIZES):
            found = mine[mine["batch_size"] == size]["count"]
            np.testing.assert_array_equal(found, counts[s].sum(axis=0))
        gaussian = mine[mine["batch_size"] == tail_indices.NULL]["count"]
        np.testing.assert_array_equal(gaussian, null)
    assert rows["alpha"].min() == 0.5
    with pytest.raises(InputError, match="tail_indices needs the layers at a level"):
        tail_indices.read([])


@pytest.mark.parametrize("width", [6.9, 3.3])
def test_curves_end_at_the_share_that_is_not_two(paths: list[Path], width: float) -> None:
    rows = tail_indices.read(paths)
    drawn = tail_indices.draw(rows, replace(PLAIN, style={"width": width}))
    titles = [axes.get_title(loc="left") for axes in drawn.axes]
    assert titles == ["a  live, by ecf", "b  rejected, by ecf", "c  rejected, by ml (the paper's)"]
    kinds = ("live", "ecf"), ("rejected", "ecf"), ("rejected", "ml")
    for axes, (population, method) in zip(drawn.axes, kinds, strict=True):
        mine = rows[(rows["population"] == population) & (rows["method"] == method)]
        ends = [line.get_ydata()[0] for line in axes.lines if line.get_marker() == "o"]
        curves = [line.get_ydata() for line in axes.lines if line.get_marker() == "None"]
        for size, end, curve in zip([tail_indices.NULL, *SIZES], ends, curves, strict=True):
            count = mine[mine["batch_size"] == size]["count"].to_numpy()
            assert end == pytest.approx(100 * count[:-1].sum() / count.sum())
            assert curve[0] == 0
            assert np.all(np.diff(curve) >= 0)
            assert curve[30] == pytest.approx(100 * count[:30].sum() / count.sum())


def test_the_axis_begins_where_indices_do(paths: list[Path]) -> None:
    rows = tail_indices.read(paths)
    assert tail_indices.draw(rows, PLAIN).axes[0].get_xlim() == pytest.approx((0.5, 2.0))
    high = rows.assign(count=rows["count"].where(rows["alpha"] >= 1.66, 0))
    assert tail_indices.draw(high, PLAIN).axes[0].get_xlim() == pytest.approx((1.6, 2.0))
    higher = rows.assign(count=rows["count"].where(rows["alpha"] >= 1.96, 0))
    assert tail_indices.draw(higher, PLAIN).axes[0].get_xlim() == pytest.approx((1.8, 2.0))


def test_the_key_counts_the_series(paths: list[Path]) -> None:
    rows = tail_indices.read(paths)
    none = (rows["population"] == "rejected") & (rows["batch_size"] == 256)
    rows.loc[none, "count"] = 0
    drawn = tail_indices.draw(rows, PLAIN)
    labels = [text.get_text() for text in drawn.legends[0].texts]
    assert labels[0] == "conv1, seed 0, epoch 2, n = 600"
    live = rows[(rows["population"] == "live") & (rows["batch_size"] == 256)]["count"].sum()
    assert f"B = 256: {live:,} live, 0 rejected" in labels
    assert any(label.startswith("Gaussian noise: 1,770 live, 1,770") for label in labels)
    # Without series there is no curve.
    assert len([line for line in drawn.axes[2].lines if line.get_marker() == "o"]) == 3
