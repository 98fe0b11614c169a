"""A run's tables as claims ask for them."""

from dataclasses import replace

import pandas as pd
import pytest

from example_claims import evidence, rising
from gradnoise.claims.claim import batch_counts, conventions
from gradnoise.claims.evidence import Evidence, NotTestableError, Pair, need


def test_statistics_are_those_of_the_last_epoch_in_the_networks_order():
    table = pd.DataFrame(
        [
            {"seed": seed, "epoch": epoch, "layer": layer, "method": method, "alpha": value}
            for seed in (0, 1)
            for epoch, shift in ((0, 100.0), (5, 0.0))
            for method, extra in (("ecf", 0.0), ("mohammadi", 10.0))
            for layer, value in (("linear1", 2.0 + shift + extra), ("conv1", 1.0 + shift + extra))
        ]
    )
    run = replace(evidence(rising), statistics={"tails": table})
    found = run.statistic("tails", "alpha", method="ecf")
    assert list(found.columns) == ["conv1", "linear1"]
    assert found.to_numpy().tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert list(found.index) == [(0, 0), (1, 0)]
    with pytest.raises(NotTestableError, match="needs beta"):
        run.statistic("tails", "beta")
    with pytest.raises(NotTestableError, match="needs rho q50"):
        run.statistic("layers", "rho_q50")


def test_three_seeds_speak_of_the_architecture_and_of_these_networks():
    assert evidence(rising, seeds=3).scopes == ("these networks", "the architecture")
    assert evidence(rising, seeds=2).scopes == ("these networks",)
    pair = Pair(evidence(rising, seeds=3), evidence(rising, seeds=2))
    assert pair.scopes == ("these networks",)


def test_errors_come_from_seeds_or_from_repeats():
    run = evidence(rising, seeds=4, repeats=6)
    seeds, repeats = run.noise("the architecture"), run.noise("these networks")
    assert (seeds.count, seeds.key) == (4, "training.seeds")
    assert (repeats.count, repeats.key) == (6, "noise.repeats")
    pair = Pair(run, evidence(rising, seeds=3, repeats=7))
    assert pair.noise("the architecture").count == 3
    assert pair.noise("these networks").count == 6


def test_a_pair_is_described_as_the_first_run():
    pair = Pair(evidence(rising, name="a", seeds=1), evidence(rising, name="b"))
    assert pair.described(all_epochs=False)["run"] == "a, b"
    assert pair.described(all_epochs=True)["epochs"] == "0 5"
    assert pair.described(all_epochs=False)["seeds"] == "0"
    assert pair.described(all_epochs=False)["network"] == "cnn on cifar10"


def test_a_condition_is_named():
    need(True, "nothing")
    with pytest.raises(NotTestableError, match="needs two eyes"):
        need(False, "two eyes")


def numbered() -> Evidence:
    """A run in which every number is another one."""
    run = evidence(rising, seeds=2, repeats=3, sizes=(64, 256))
    rows = run.rows.assign(percentage_gaussian=range(len(run.rows)))
    rows["coordinates"] = 1000 + rows["percentage_gaussian"]
    rows["share_dirac"] = rows["percentage_gaussian"] / 1000
    cells = rows.drop_duplicates(["seed", "epoch", "layer", "batch_size", "batches"])
    within = cells.assign(within_percentage_gaussian=cells["percentage_gaussian"] / 2000)
    training = pd.DataFrame(
        {"seed": [0, 1] * 2, "epoch": [0, 0, 5, 5], "test_loss": [4.0, 3.0, 2.0, 0.5]}
    )
    return replace(run, rows=rows, training=training, statistics={"repeatability": within})


def one(run: Evidence, **cell: object) -> pd.DataFrame:
    """Rows of one cell, in the order of seeds and repeats."""
    rows = run.rows
    for name, value in cell.items():
        rows = rows[rows[name] == value]
    return rows.sort_values(["seed", "repeat"])


CELL = {"layer": "conv2", "batch_size": 256, "batches": 600}


def test_a_column_is_that_of_its_own_cell_and_the_last_one_of_the_last_epoch():
    run = numbered()
    for epoch in (0, 5):
        found = run.wide(600, "percentage_gaussian")[epoch, "conv2", 256]
        mine = one(run, epoch=epoch, **CELL)
        assert found.tolist() == mine["percentage_gaussian"].tolist()
        assert list(found.index) == list(zip(mine["seed"], mine["repeat"], strict=True))
    last = run.last(600, "percentage_gaussian")["conv2", 256]
    assert last.tolist() == one(run, epoch=5, **CELL)["percentage_gaussian"].tolist()


def test_a_percentage_is_of_the_coordinates_that_it_is_about():
    run = numbered()
    mine, key = one(run, epoch=0, **CELL), (0, "conv2", 256)
    coordinates, dirac = mine["coordinates"], mine["share_dirac"]
    assert run.tested(600, "percentage_gaussian")[key].tolist() == coordinates.tolist()
    testable = run.tested(600, "percentage_testable")[key]
    assert testable.tolist() == pytest.approx((coordinates * (1 - dirac)).tolist())
    assert run.tested(600, "percentage_directions")[key].tolist() == coordinates.tolist()
    drawn = replace(run, settings={**run.settings, "noise": {"directions": 70}})
    assert set(drawn.tested(600, "percentage_directions")[key]) == {70}


def test_what_passes_in_which_repeat_is_a_mean_over_seeds_at_one_number_of_batches():
    run = numbered()
    first = one(run, epoch=0, **CELL).drop_duplicates("seed")["percentage_gaussian"]
    found = run.within(600, "percentage_gaussian")[0, "conv2", 256]
    assert found == pytest.approx(first.mean() / 2000)
    assert run.within(600, "percentage_testable").empty
    assert replace(run, statistics={}).within(600, "percentage_gaussian").empty


def test_training_is_a_mean_over_seeds_at_one_epoch():
    run = numbered()
    assert [run.at_epoch(epoch, "test_loss") for epoch in (0, 5)] == [3.5, 1.25]
    for epoch, name in ((3, "test_loss"), (5, "train_loss")):
        assert pd.isna(run.at_epoch(epoch, name))


def test_what_a_run_covers_is_described():
    run = evidence(
        lambda *_: 50.0, model="resnet20", seeds=2, repeats=4, epochs=(1, 3, 7), sizes=(16, 32)
    )
    assert run.described(all_epochs=False) == {
        **{"run": "run", "network": "resnet20 with BatchNorm on cifar10", "epochs": "7"},
        **{"seeds": "0 1", "repeats": 4, "batch_sizes": "16 32", "batches": "200 600"},
    }
    assert run.described(all_epochs=True)["epochs"] == "1 3 7"
    bare = replace(run, settings={})
    assert bare.described(all_epochs=False)["network"] == "unknown on unknown data"
    assert (bare.family, run.family, bare.learning_rate) == ("", "resnet", None)


def test_columns_that_are_nowhere_measured_are_no_statistic():
    table = pd.DataFrame(
        {"seed": [0, 0], "epoch": [0, 5], "layer": "conv1", "rho": [1.0, None], "nu": None}
    )
    run = replace(evidence(rising), statistics={"layers": table})
    with pytest.raises(NotTestableError, match="needs nu, which this run does not have"):
        run.statistic("layers", "nu")
    assert run.statistic("layers", "rho").isna().all(axis=None)


def test_cases_begin_with_the_one_that_decides():
    run = numbered()
    assert conventions(run) == {
        "n = 200": (200, "percentage_gaussian"),
        "n = 600": (600, "percentage_gaussian"),
        "constants left out": (200, "percentage_testable"),
        "random directions": (200, "percentage_directions"),
        "Anderson-Darling": (200, "percentage_anderson_darling"),
    }
    other = replace(run, rows=run.rows.assign(batches=run.rows["batches"] + 100))
    assert next(iter(conventions(other).values())) == (300, "percentage_gaussian")
    assert batch_counts(other) == {"n = 300": (300,), "n = 700": (700,)}
    reordered = replace(run, rows=run.rows.assign(batches=run.rows["batches"].map({200: 90, 600: 200})))  # fmt: skip
    assert list(batch_counts(reordered).items()) == [("n = 200", (200,)), ("n = 90", (90,))]


def test_a_pair_has_the_first_runs_cases():
    few = evidence(rising)
    many = replace(few, rows=few.rows[few.rows["batches"] == 600])
    assert Pair(few, many).counts == [200, 600]
    assert Pair(many, few).counts == [600]
