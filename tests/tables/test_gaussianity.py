"""Gaussianity of layers and networks, averaged over repeats and seeds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from example_results import ALEXNET, CNN, measured, write_run
from gradnoise.errors import InputError
from gradnoise.gaussianity.normality import columns
from gradnoise.tables import gaussianity
from gradnoise.tables.layers import layer_files

COLUMNS = gaussianity.Columns(
    {column.name: column.kind for column in columns()},
    {column.name: column.over for column in columns()},
)


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def repeats(results) -> pd.DataFrame:
    folder = results
    runs = [
        write_run(folder, "small", CNN, batch_sizes=(16, 1024), epochs=(0, 2), repeats=2),
        write_run(folder, "deep", ALEXNET, batch_sizes=(64,), epochs=(1,), seeds=(4,), repeats=2),
    ]
    files = [
        file
        for run in runs
        for file in layer_files(folder, measured(folder, run[0]), "gaussianity")
    ]
    assert gaussianity.read_columns(files) == COLUMNS
    return gaussianity.read_gaussianity(files, COLUMNS)


def test_network_row_is_weighted_by_true_sizes(repeats):
    one = repeats[(repeats["run"] == "deep") & (repeats["batches"] == 200)]
    one = one[one["repeat"] == 1]
    network = gaussianity.network_rows(one, COLUMNS).iloc[0]
    expected = np.average(one["percentage_gaussian"], weights=one["size"])
    assert network["percentage_gaussian"] == pytest.approx(expected)
    assert network["size"] == 2_471_104
    assert np.isnan(network["percentage_directions"])


def test_testable_percentage_of_the_network_leaves_constant_coordinates_out(repeats):
    one = repeats[(repeats["run"] == "deep") & (repeats["batches"] == 200)]
    one = one[one["repeat"] == 1].copy()
    one["size"] = 100
    one["share_dirac"] = [0.0, 0.5, 1.0, 1.0, 1.0, 1.0]
    one["percentage_testable"] = [90.0, 30.0, *[np.nan] * 4]
    network = gaussianity.network_rows(one, COLUMNS).iloc[0]
    assert network["percentage_testable"] == pytest.approx((90 * 100 + 30 * 50) / 150)


def test_aggregate_names_the_unit(repeats):
    keys = ["run", "epoch", "layer", "batch_size", "batches"]
    found = gaussianity.aggregate(repeats, COLUMNS).set_index(keys).sort_index()
    assert set(found.loc["small", "unit"]) == {"seed"}
    assert set(found.loc["deep", "unit"]) == {"repeat"}
    row = found.loc[("deep", 1, "conv1", 64, 200)]
    mine = repeats[(repeats["run"] == "deep") & (repeats["layer"] == "conv1")]
    mine = mine[mine["batches"] == 200]["percentage_gaussian"]
    assert row["percentage_gaussian"] == pytest.approx(mine.mean())
    assert row["percentage_gaussian_sd"] == pytest.approx(mine.std(ddof=1))
    assert (row["n_seeds"], row["n_repeats"]) == (1, 2)


def test_columns_stand_by_kind():
    kinds = [COLUMNS.kind[name] for name in COLUMNS.names]
    assert list(dict.fromkeys(kinds)) == ["percentage", "share", "mean", "count"]
    assert sorted(COLUMNS.names) == sorted(COLUMNS.kind)


def test_every_number_of_a_network_lies_between_those_of_its_layers(repeats):
    one = repeats[(repeats["run"] == "deep") & (repeats["batches"] == 200)]
    one = one[one["repeat"] == 1]
    network = gaussianity.network_rows(one, COLUMNS).iloc[0]
    for name in COLUMNS.of("percentage", "share", "mean"):
        if COLUMNS.over[name] != "directions":
            assert one[name].min() - 1e-9 <= network[name] <= one[name].max() + 1e-9
    for name in COLUMNS.of("count"):
        assert network[name] == one[name].sum()


def test_percentages_alone_have_intervals(repeats):
    found = gaussianity.aggregate(repeats, COLUMNS)
    bounded = {name.removesuffix("_lower") for name in found if name.endswith("_lower")}
    assert bounded == set(COLUMNS.of("percentage"))


def test_no_file_is_an_error():
    with pytest.raises(InputError, match="found no Gaussianity summary"):
        gaussianity.read_columns([])
