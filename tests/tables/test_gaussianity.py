"""Gaussianity of layers and networks, averaged over repeats and seeds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from example_results import ALEXNET, CNN, measured, write_run, write_tables
from gradnoise.claims.experiment import gather
from gradnoise.claims.quantities import Cell, Contrast, compare
from gradnoise.errors import InputError
from gradnoise.gaussianity.normality import columns
from gradnoise.tables import gaussianity
from gradnoise.tables.catalogue import read
from gradnoise.tables.layers import layer_files
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, NETWORKS

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
        file for run in runs for file in layer_files(folder, measured(folder, run[0]), "rejection")
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


@pytest.fixture(scope="module", params=[(0, 1, 2), (0, 1)], ids=["three seeds", "two seeds"])
def tables(request, tmp_path_factory):
    """Tables of a run with five repeats; of three seeds intervals speak of the architecture."""
    folder = tmp_path_factory.mktemp("tables")
    options = {"batch_sizes": (16, 64), "epochs": (0, 2), "repeats": 5, "noise": 2.0}
    return read(write_tables(folder, write_run(folder, "cnn", CNN, seeds=request.param, **options)))


@pytest.mark.parametrize("column", ["percentage_gaussian", "percentage_testable"])
@pytest.mark.parametrize("batches", [200, 600])
def test_a_percentage_has_the_interval_that_verdicts_on_it_have(tables, column, batches):
    settings = {"noise": {}, "model": {"name": "cnn"}, "data": {}, "training": {}}
    (run,) = gather(tables, {"cnn": settings}, {"cnn": "cnn"}).runs
    cells = [(layer, size) for layer in run.layers.index for size in (16, 64)]
    contrasts = [
        Contrast(label=f"{layer} {size}", cells={Cell(layer, size): 1.0}) for layer, size in cells
    ]
    scope = ARCHITECTURE if len(run.rows["seed"].unique()) == 3 else NETWORKS
    parts = compare(run, contrasts, scope, batches, column)
    table = tables["gaussianity"]
    table = table[(table["epoch"] == 2) & (table["batches"] == batches)]
    table = table.set_index(["layer", "batch_size"])
    for cell, part in zip(cells, parts, strict=True):
        row = table.loc[cell]
        assert row[column] == pytest.approx(part.value)
        bounds = [row[f"{column}_lower"], row[f"{column}_upper"]]
        assert bounds == pytest.approx(list(part.interval))
        assert 0 <= min(bounds) <= max(bounds) <= 100


def test_layers_share_what_their_percentages_vary_by():
    """Two repeats of two batch sizes: variances 2 and 18 over p(1 - p) are averaged, and have two degrees."""
    repeats = pd.DataFrame(
        [
            {"run": "a", "seed": 1, "epoch": 3, "repeat": repeat, "parameter": "w", "layer": "w", "operation": "linear",
             "kind": "weight", "block": 0, "index": 1, "size": 9, "batch_size": size, "batches": 200,
             "percentage_gaussian": value, "share_dirac": 0.0, "coordinates": 1000}
            for size, values in ((16, (49.0, 51.0)), (64, (17.0, 23.0)))
            for repeat, value in enumerate(values)
        ]
    )  # fmt: skip
    kinds = {"percentage_gaussian": "percentage", "share_dirac": "share", "coordinates": "count"}
    found = gaussianity.aggregate(repeats, gaussianity.Columns(kinds, {}))
    factor = (2 / (50 * 50) + 18 / (20 * 80)) / 2
    for row, expected in zip(found.to_dict("records"), (50 * 50, 20 * 80), strict=True):
        half = 4.302653 * np.sqrt(factor * expected / 2)  # t of two degrees
        middle = row["percentage_gaussian"]
        assert row["percentage_gaussian_lower"] == pytest.approx(middle - half)
        assert row["percentage_gaussian_upper"] == pytest.approx(middle + half)


def test_what_lacks_a_repeat_has_students_interval():
    rows = [
        {"run": "a", "seed": seed, "epoch": 3, "repeat": repeat, "parameter": "w", "layer": "w", "operation": "linear",
         "kind": "weight", "block": 0, "index": 1, "size": 9, "batch_size": size, "batches": 200,
         "percentage_gaussian": 40.0 + repeat + size + seed, "share_dirac": 0.0, "coordinates": 1000}
        for seed, repeats in ((1, 2), (2, 3)) for repeat in range(repeats) for size in (1, 10)
    ]  # fmt: skip
    kinds = {"percentage_gaussian": "percentage", "share_dirac": "share", "coordinates": "count"}
    found = gaussianity.aggregate(pd.DataFrame(rows), gaussianity.Columns(kinds, {}))
    # Variances .5 of two repeats and 1 of three; three degrees of freedom.
    half = 3.182446 * np.sqrt(0.5 / 2 + 1 / 3) / 2
    lower, upper = found["percentage_gaussian_lower"], found["percentage_gaussian_upper"]
    assert list(upper - lower) == pytest.approx([2 * half, 2 * half])


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


# Enough where every column is treated alike.
FEW = gaussianity.Columns(
    {name: COLUMNS.kind[name] for name in ("percentage_gaussian", "percentage_testable", "share_dirac", "coordinates")},
    COLUMNS.over,
)  # fmt: skip


def different(seeds: int, repeats: int) -> pd.DataFrame:
    """Repeats of two parameters and two batch sizes in which no two numbers agree."""
    random = np.random.default_rng([seeds, repeats])
    cells = [
        {
            **{"run": "a", "seed": seed, "epoch": epoch, "repeat": repeat, "parameter": f"{layer}.p"},
            **{"layer": layer, "operation": operation, "kind": kind, "block": 2, "index": 3},
            **{"size": size, "batch_size": batch_size, "batches": 200},
        }
        for seed in range(4, 4 + seeds)
        for epoch in (0, 7)
        for repeat in range(1, 1 + repeats)
        for layer, operation, kind, size in (("conv", "convolution", "weight", 5000), ("linear", "linear", "bias", 300))
        for batch_size in (16, 64)
    ]  # fmt: skip
    rows = pd.DataFrame(cells)
    count = len(rows)
    for name, kind in COLUMNS.kind.items():
        rows[name] = {
            "percentage": random.uniform(5, 95, count),
            "share": random.uniform(0, 0.4, count),
            "mean": random.normal(0, 3, count),
            "count": random.integers(100, 290, count),
        }[str(kind)]
    return rows


@pytest.mark.parametrize(("seeds", "unit"), [(2, "repeat"), (3, "seed")])
def test_every_column_is_its_own_mean(seeds, unit):
    repeats = different(seeds, 4)
    table = gaussianity.aggregate(repeats, COLUMNS)
    assert len(table) == 2 * 2 * 2
    for row in table.to_dict("records"):
        mine = repeats
        for name in ("epoch", "parameter", "batch_size"):
            mine = mine[mine[name] == row[name]]
        for name in COLUMNS.names:
            assert row[name] == pytest.approx(mine[name].mean()), name
        for name in COLUMNS.of("percentage"):
            pooled = mine.groupby("seed")[name].var(ddof=1).mean()
            assert row[f"{name}_sd"] == pytest.approx(np.sqrt(pooled)), name
            assert row[f"{name}_lower"] < row[name] < row[f"{name}_upper"], name
        assert (row["unit"], row["n_seeds"], row["n_repeats"]) == (unit, seeds, 4)
        about = mine.iloc[0]
        assert all(row[name] == about[name] for name in ("run", "layer", "operation", "kind", "block", "index", "size"))  # fmt: skip


def test_every_column_of_the_network_is_weighted_by_what_it_is_of():
    repeats = different(1, 2)
    network = gaussianity.network_rows(repeats, COLUMNS)
    assert len(network) == 2 * 2 * 2
    for row in network.to_dict("records"):
        mine = repeats
        for name in ("seed", "epoch", "repeat", "batch_size"):
            mine = mine[mine[name] == row[name]]
        counted = {
            "all": mine["size"],
            "testable": mine["size"] * (1 - mine["share_dirac"]),
            "live": mine["size"] * mine["share_live"],
        }
        for name in COLUMNS.of("percentage", "share", "mean"):
            if COLUMNS.over[name] == "directions":
                assert np.isnan(row[name]), name
            else:
                weights = counted[COLUMNS.over[name]]
                assert row[name] == pytest.approx((mine[name] * weights).sum() / weights.sum()), (
                    name
                )
        for name in COLUMNS.of("count"):
            assert row[name] == mine[name].sum(), name
        about = {name: row[name] for name in ("parameter", "layer", "operation", "kind", "block", "index", "size")}  # fmt: skip
        assert about == dict.fromkeys(("parameter", "layer", "operation", "kind"), "network") | {
            **{"block": 0, "index": 0, "size": 5300},
        }


def test_runs_are_averaged_by_themselves():
    first, second = different(2, 3), different(3, 2).assign(run="b")
    both = gaussianity.aggregate(pd.concat([first, second], ignore_index=True), FEW)
    alone = pd.concat([gaussianity.aggregate(each, FEW) for each in (first, second)])
    pd.testing.assert_frame_equal(both, alone.reset_index(drop=True))
    assert both.groupby("run")["n_repeats"].first().to_dict() == {"a": 3, "b": 2}


def test_repeatability_is_that_of_the_run_and_of_the_cell():
    repeats = different(3, 2)
    # They hardly vary: what is known of single coordinates decides.
    repeats["percentage_gaussian"] = 50 + repeats["percentage_gaussian"] / 1000
    key = ["run", "seed", "epoch", "parameter", "batch_size", "batches"]
    cells = repeats.drop_duplicates(key)[key]
    random = np.random.default_rng(7)
    known = cells.assign(within_percentage_gaussian=random.uniform(0.05, 0.15, len(cells)))
    other = known.assign(run="b", within_percentage_gaussian=0.25)
    found = gaussianity.aggregate(repeats, FEW, pd.concat([other, known], ignore_index=True))
    pd.testing.assert_frame_equal(found, gaussianity.aggregate(repeats, FEW, known))
    name = "percentage_gaussian"
    width = found[f"{name}_upper"] - found[f"{name}_lower"]
    plain = gaussianity.aggregate(repeats, FEW)
    assert (width > plain[f"{name}_upper"] - plain[f"{name}_lower"]).all()
    assert (found["percentage_testable_upper"] == plain["percentage_testable_upper"]).all()


def test_weights_and_biases_are_moderated_apart():
    repeats = different(3, 4).assign(operation="linear")
    together = gaussianity.aggregate(repeats, FEW)
    apart = [
        gaussianity.aggregate(repeats[repeats["kind"] == kind].reset_index(drop=True), FEW)
        for kind in ("weight", "bias")
    ]
    alone = pd.concat(apart).set_index(["parameter", "epoch", "batch_size"]).sort_index()
    found = together.set_index(["parameter", "epoch", "batch_size"]).sort_index()
    for end in ("lower", "upper"):
        name = f"percentage_gaussian_{end}"
        assert found[name].tolist() == pytest.approx(alone[name].tolist())
