"""Tables: intervals over the right unit, whole-network weights, the paper's form."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_results import ALEXNET, CNN, resnet, write_run, write_tables
from gradnoise.errors import InputError
from gradnoise.tables import gaussianity
from gradnoise.tables.catalogue import LANGEVIN, SUMMARIES, read
from gradnoise.tables.intervals import deviation_interval, estimate, interval, repeat_deviation
from gradnoise.tables.printed import latex, printed


def values(numbers: list[list[float]]) -> pd.DataFrame:
    """One column "x" from a list of repeats per seed."""
    keys = [(seed, r) for seed, repeats in enumerate(numbers) for r in range(len(repeats))]
    index = pd.MultiIndex.from_tuples(keys, names=["seed", "repeat"])
    return pd.DataFrame({"x": [v for repeats in numbers for v in repeats]}, index=index)


def test_one_network_has_students_interval_over_its_repeats():
    repeats = [81.0, 79.5, 80.2, 82.4, 80.9]
    lower, upper = interval(estimate(values([repeats])))
    expected = stats.t.interval(0.95, 4, np.mean(repeats), stats.sem(repeats))
    assert (lower["x"], upper["x"]) == pytest.approx(expected, rel=1e-12)


def test_three_seeds_have_an_interval_over_seed_means_whatever_the_repeats():
    seeds = [[80.0, 82.0], [70.0, 72.0], [90.0, 86.0]]
    found = estimate(values(seeds))
    lower, upper = interval(found)
    expected = stats.t.interval(0.95, 2, np.mean([81, 71, 88]), stats.sem([81, 71, 88]))
    assert (lower["x"], upper["x"]) == pytest.approx(expected, rel=1e-12)
    assert found.loc["x", "degrees"] == 2


def test_two_seeds_do_not_stand_for_the_architecture():
    found = estimate(values([[80.0, 82.0], [10.0, 12.0]]))
    # The seeds are 70 points apart, but the interval is over repeats: sqrt(2/2 + 2/2) / 2.
    assert found.loc["x"].to_list() == pytest.approx([46.0, np.sqrt(2) / 2, 2.0])


def test_nothing_repeated_has_no_interval():
    lower, upper = interval(estimate(values([[80.0]])))
    assert np.isnan(lower["x"])
    assert np.isnan(upper["x"])


def test_simultaneous_intervals_are_bonferronis():
    repeats = [81.0, 79.5, 80.2, 82.4]
    _, upper = interval(estimate(values([repeats])), comparisons=10)
    half = stats.t.ppf(1 - 0.0025, 3) * stats.sem(repeats)
    assert upper["x"] == pytest.approx(np.mean(repeats) + half, rel=1e-12)


def test_deviation_over_repeats_has_the_chi_squared_interval():
    seeds = [[1.0, 2.0, 3.0], [11.0, 12.0, 13.0]]
    pooled = repeat_deviation(values(seeds))
    assert pooled.loc["x"].to_list() == [1.0, 4.0]
    lower, upper = deviation_interval(pooled)
    assert lower["x"] == pytest.approx(np.sqrt(4 / stats.chi2.ppf(0.975, 4)))
    assert upper["x"] == pytest.approx(np.sqrt(4 / stats.chi2.ppf(0.025, 4)))


def test_intervals_cover_at_their_level():
    random = np.random.default_rng(0)
    columns = 4000
    draws = pd.DataFrame(random.standard_normal((15, columns)))
    draws.index = pd.MultiIndex.from_product([range(3), range(5)], names=["seed", "repeat"])
    lower, upper = interval(estimate(draws))
    assert np.mean((lower < 0) & (upper > 0)) == pytest.approx(0.95, abs=0.015)


@pytest.fixture(scope="module")
def repeats(tmp_path_factory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("results")
    runs = [
        write_run(folder, "small", CNN, batch_sizes=(16, 1024), epochs=(0, 2), repeats=2),
        write_run(folder, "deep", ALEXNET, batch_sizes=(64,), epochs=(1,), seeds=(4,), repeats=2),
    ]
    return gaussianity.read_gaussianity([path for run in runs for path in run[0]])


def test_layers_keep_their_networks_order(repeats):
    for run, layers in (("small", CNN), ("deep", ALEXNET)):
        names = repeats[repeats["run"] == run]["layer"].unique()
        assert list(names) == [name for name, *_ in layers]
    deep = repeats[repeats["run"] == "deep"].drop_duplicates("layer")
    assert list(deep["index"]) == [1, 2, 3, 4, 5, 1]  # five convolutions, one linear


def test_network_row_is_weighted_by_true_sizes(repeats):
    one = repeats[(repeats["run"] == "deep") & (repeats["batches"] == 200)]
    one = one[one["repeat"] == 1]
    network = gaussianity.network_rows(one).iloc[0]
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
    network = gaussianity.network_rows(one).iloc[0]
    assert network["percentage_testable"] == pytest.approx((90 * 100 + 30 * 50) / 150)


def test_aggregate_names_the_unit(repeats):
    keys = ["run", "epoch", "layer", "batch_size", "batches"]
    found = gaussianity.aggregate(repeats).set_index(keys).sort_index()
    assert set(found.loc["small", "unit"]) == {"seed"}
    assert set(found.loc["deep", "unit"]) == {"repeat"}
    row = found.loc[("deep", 1, "conv1", 64, 200)]
    mine = repeats[(repeats["run"] == "deep") & (repeats["layer"] == "conv1")]
    mine = mine[mine["batches"] == 200]["percentage_gaussian"]
    assert row["percentage_gaussian"] == pytest.approx(mine.mean())
    assert row["percentage_gaussian_sd"] == pytest.approx(mine.std(ddof=1))
    assert (row["n_seeds"], row["n_repeats"]) == (1, 2)


def test_printed_resnet_shows_layers_1_9_18_of_each_block(tmp_path):
    files, _ = write_run(
        tmp_path,
        "resnet56",
        resnet(18),
        seeds=(0,),
        epochs=(1,),
        batch_sizes=(64,),
        batches=(200,),
        repeats=2,
    )
    table = printed(gaussianity.aggregate(gaussianity.read_gaussianity(files)))
    shown = [f"block{block}.layer{layer}" for block in (1, 2, 3) for layer in (1, 9, 18)]
    assert list(table["Layer"]) == ["conv1", *shown, "linear"]
    assert list(table["Weights"])[:3] == [432, 2304, 2304]


def test_latex_escapes_names_and_rules_with_booktabs():
    table = pd.DataFrame({"Layer": ["my_layer"], "Weights": [23232], "64": ["91.80 ± 0.20"]})
    text = latex(table, "note")
    assert r"my\_layer & 23{,}232 & 91.80 $\pm$ 0.20 \\" in text
    assert text.index(r"\toprule") < text.index(r"\midrule") < text.index(r"\bottomrule")


def test_stage_writes_every_table(tmp_path):
    run = write_run(tmp_path, "cnn", epochs=(0, 1), batch_sizes=(16, 64), repeats=2)
    folder = write_tables(tmp_path, run)
    stems = {f"cnn-epoch-{e}-n-{n}" for e in (0, 1) for n in (200, 600)}
    expected = {f"{stem}.{suffix}" for stem in stems for suffix in ("csv", "md", "tex")}
    names = ("gaussianity", "gaussianity_repeats", "training", *SUMMARIES, *LANGEVIN)
    expected |= {f"{name}.csv" for name in names}
    assert {path.name for path in folder.iterdir()} == expected
    found = read(folder)
    assert len(found["gaussianity"]) == 2 * 6 * 2 * 2  # epochs, layers and network, sizes, batches
    assert list(found["training"].columns[:3]) == ["run", "seed", "epoch"]
    assert not list(tmp_path.glob(".tables*"))


def test_wrong_paths_and_damaged_files_are_named(tmp_path):
    with pytest.raises(InputError, match="expected a path like RUN/seed-0/epoch-1"):
        gaussianity.read_gaussianity([Path("conv1.weight.h5")])
    damaged = tmp_path / "cnn/seed-0/epoch-1/gaussianity/conv1.weight.h5"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"not HDF5")
    with pytest.raises(InputError, match="expected a complete gaussianity file"):
        gaussianity.read_gaussianity([damaged])
    with pytest.raises(InputError, match="did not find"):
        read(tmp_path)
