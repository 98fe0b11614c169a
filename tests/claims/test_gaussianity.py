"""Claims on the share of Gaussian coordinates: verdicts out of tables made for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_claims import BY_NAME, evidence, rising, row, verdict
from example_results import ALEXNET, CNN
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.gaussianity.batch_sizes import at_ceiling, ceiling_remark
from gradnoise.claims.gaussianity.deviation import (
    design_effect_remark,
    design_effects,
    deviation,
)
from gradnoise.claims.gaussianity.trend import jackknifed_correlation
from gradnoise.clt.rank_correlation import spearman
from gradnoise.tables.moderated.contrasts import ARCHITECTURE, NETWORKS

LAYERS = [layer for layer, *_ in CNN]


@pytest.mark.parametrize(
    ("percentage", "expected"),
    [
        (rising, "supported"),
        (lambda layer, e, size, n: 60 - rising(layer, e, size, n) / 2, "contradicted"),
        (lambda layer, *_: 50.0, "open"),
        # The largest batch is above the smallest, but there is a certain fall between.
        (lambda layer, e, size, n: {64: 40.0, 256: 60.0, 1024: 50.0}[size], "contradicted"),
        (lambda *_: 94.5, "not testable here"),
    ],
)
def test_rise_with_batch_size(percentage, expected):
    assert verdict("rises_with_batch_size", evidence(percentage)) == expected


def test_layers_at_the_ceiling_are_listed_and_need_not_rise():
    run = evidence(lambda la, e, s, n: 94.5 if la == "conv1" else rising(la, e, s, n))
    found = row("rises_with_batch_size", run)
    assert found["verdict"] == "supported"
    assert found["reason"] == "at the ceiling from the start: conv1"


def leading(lead: float):
    return lambda la, e, size, n: rising("", e, size, n) + (lead if la == "conv1" else 0)


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (9.0, "supported"),
        # It may be one point behind, but no more.
        (-0.6, "supported"),
        (-1.4, "contradicted"),
        (-1.0, "open"),
    ],
)
def test_first_convolution_of_alexnet(lead, expected):
    run = evidence(leading(lead), ALEXNET, "alexnet", noise=0.03, coordinates=10**6)
    assert verdict("first_convolution_leads", run) == expected


def test_of_other_networks_first_convolution_nothing_is_said():
    found = row("first_convolution_leads", evidence(leading(9.0)))
    assert (found["verdict"], found["reason"]) == (
        "not testable here",
        "needs AlexNet, of which it is said",
    )


@pytest.mark.parametrize(
    ("noise", "repeats", "expected"),
    [
        (0.3, 6, "supported"),
        (8.0, 12, "contradicted"),
        (1.9, 6, "open"),
        (0.3, 4, "not testable here"),
    ],
)
def test_small_deviation(noise, repeats, expected):
    run = evidence(rising, noise=noise, repeats=repeats)
    assert verdict("small_deviation", run) == expected


def test_the_whole_layer_deviates_by_less_than_a_sample_of_it():
    # 200 of 4,608 coordinates that pass by chance, half of the time: 3.5 points of deviation are the sample's.
    chance = {"coordinates": 200, "within": 0.25, "noise": 3.6, "repeats": 40}
    assert (
        verdict("small_deviation", evidence(rising, **{**chance, "within": 0.0})) == "contradicted"
    )
    found = row("small_deviation", evidence(rising, **chance))
    assert found["verdict"] != "contradicted"
    components = decide(
        BY_NAME["small_deviation"], Experiment([evidence(rising, **chance)])
    ).components
    layer = next(one for one in components if one["component"].startswith("conv2 at batch size 64"))
    assert layer["value"] == pytest.approx(np.sqrt(3.6**2 - 2500 * (1 / 200 - 1 / 4608)), abs=0.5)


def test_the_deviation_of_a_layer_by_hand():
    found = deviation("x", 2.5, 12, 40.0, np.array(400.0), np.array(1600.0))
    taken = 1600 * (1 / 400 - 1 / 1600)
    assert found.value == pytest.approx(np.sqrt(6.25 - taken))
    lower, upper = (12 * 6.25 / stats.chi2.ppf(tail, 12) - taken for tail in (0.975, 0.025))
    assert found.interval == pytest.approx((np.sqrt(max(0, lower)), np.sqrt(upper)))
    assert found.inside == pytest.approx(stats.chi2.cdf(12 * 6.25 / (4 + taken), 12))
    assert found.outside == pytest.approx(1 - found.inside)


def test_which_coordinates_pass_has_to_be_known():
    found = row("small_deviation", evidence(rising, within=np.nan))
    assert found["reason"] == "needs which coordinates pass in which repeat"


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        (10.0, "supported"),
        (-10.0, "supported"),
        (0.0, "contradicted"),
        (np.nan, "not testable here"),
    ],
)
def test_property_of_the_basis(directions, expected):
    assert verdict("property_of_the_basis", evidence(rising, directions=directions)) == expected


def test_the_ceiling_is_that_of_the_runs_own_test():
    # 94.5 % is at the ceiling of a test at 5 %; one at 1 % passes 99 % of Gaussian noise.
    run = evidence(lambda *_: 94.5, significance=0.01)
    assert verdict("rises_with_batch_size", run) == "open"
    needed = row("rises_with_batch_size", evidence(lambda *_: 97.0, significance=0.01))
    assert needed["reason"] == "needs a layer below 96 % at batch size 64"


def ranked(swaps: int, layers: int = 4):
    """Percentages whose order at 600 batches is that at 200 but for the first cells, which are reversed."""

    def percentage(layer: str, epoch: int, size: int, batches: int) -> float:
        place = 3 * int(layer.removeprefix("conv")) + {64: 0, 256: 1, 1024: 2}[size]
        if batches == 600 and place < swaps:
            place = swaps - 1 - place
        return 10 + 5 * place - 2 * (batches == 600)

    return percentage, [(f"conv{place}", "convolution", 90, 1.0) for place in range(layers)]


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize(
    ("swaps", "noise", "expected"),
    [
        (0, 0.3, "supported"),
        (2, 0.3, "supported"),  # Spearman's correlation 1 - 6 * 2 / (12 * 143)
        (8, 0.3, "contradicted"),  # 1 - 6 * 168 / (12 * 143)
        (4, 9.0, "open"),
    ],
)
def test_the_trend_is_the_same_where_percentages_keep_their_order(swaps, noise, expected, seeds):
    percentage, layers = ranked(swaps)
    run = evidence(percentage, layers, noise=noise, seeds=seeds)
    assert verdict("same_trend", run) == expected


def test_noise_does_not_lower_the_correlation_of_the_trend():
    random, exact = np.random.default_rng(0), 5 * np.arange(12.0)
    repeats = pd.MultiIndex.from_product([[0], range(6)], names=["seed", "repeat"])

    def table():
        return pd.DataFrame(exact + 12 * random.standard_normal((6, 12)), repeats)

    pairs = [(table(), table()) for _ in range(200)]
    plain = [spearman(first.mean(), second.mean()) for first, second in pairs]
    assert np.mean(plain) < 0.95
    assert np.mean([jackknifed_correlation(*pair, NETWORKS) for pair in pairs]) == pytest.approx(
        1, abs=0.025
    )


def test_percentages_at_the_ceiling_have_no_trend():
    percentage, layers = ranked(0, 2)
    few = row("same_trend", evidence(percentage, layers))
    assert few["reason"] == "needs 8 percentages below 92 at most batches"
    layers += [(f"conv{place}", "convolution", 90, 1.0) for place in range(2, 9)]
    many = row("same_trend", evidence(percentage, layers))
    assert "over 17 layers and batch sizes" in many["quantity"]


def test_a_rank_correlation_is_at_most_one():
    percentage, layers = ranked(2)
    found = row("same_trend", evidence(percentage, layers, noise=12.0, seeds=3))
    assert (found["measured"], found["upper"]) == (1.0, 1.0)
    assert found["lower"] < 0.95


def test_ranks_that_all_networks_share_are_not_without_error():
    percentage, layers = ranked(2)
    found = row("same_trend", evidence(percentage, layers, noise=0.3, seeds=3))
    exact = 1 - 6 * 2 / (12 * 143)
    assert found["measured"] == pytest.approx(exact)
    # One swap of neighbours, twelve cells; Student's t of two degrees.
    assert found["lower"] == pytest.approx(exact - 4.302653 * 12 / (12 * 143))


@pytest.mark.parametrize(("repeats", "expected"), [(5, "supported"), (4, "not testable here")])
def test_the_deviation_is_over_five_repeats(repeats, expected):
    found = row("small_deviation", evidence(rising, repeats=repeats))
    assert found["verdict"] == expected
    if repeats == 4:
        assert found["reason"] == "needs five repeats of the draws (noise.repeats), found 4"


@pytest.mark.parametrize(("value", "expected"), [(1.84, 0.025), (1.85, 1.0)])
def test_a_deviation_is_small_where_its_upper_bound_is_below_two(value, expected):
    # 400 degrees of freedom: the bound is 1.0742 times the deviation.
    part = deviation("x", value * 2 / 1.98, 400, 0.0, np.array(400.0), np.array(1600.0))
    assert (part.inside <= 0.025) == (expected == 0.025)
    assert part.most == part.margin == 2.0
    assert part.lowest == 0.0


def test_a_deviation_is_that_of_its_own_cell_at_the_last_epoch():
    run = evidence(rising, repeats=5, epochs=(0, 5), within=0.2)
    random, count = np.random.default_rng(8), len(run.rows)
    rows = run.rows.assign(
        percentage_gaussian=random.uniform(0, 100, count),
        coordinates=random.integers(300, 900, count) ** 2 // 900,
    )
    found = decide(BY_NAME["small_deviation"], Experiment([replace(run, rows=rows)])).components
    (part,) = (p for p in found if p["component"] == "conv3 at batch size 256: sd over repeats")
    mine = rows[(rows["epoch"] == 5) & (rows["layer"] == "conv3") & (rows["batch_size"] == 256)]
    mine = mine[mine["batches"] == 200]
    variance = mine.groupby("seed")["percentage_gaussian"].var(ddof=1).mean()
    sampled = 2000 * (1 / mine["coordinates"].mean() - 1 / 9216)
    assert part["value"] == pytest.approx(np.sqrt(variance - sampled))
    assert part["degrees"] == 3 * 4


def test_directions_are_a_sample_of_infinitely_many():
    # Half of 200 directions pass by chance: all of the deviation is the sample's.
    run = evidence(rising, coordinates=200, within=0.25, noise=3.53, repeats=40, directions=0.0)
    parts = BY_NAME["small_deviation"].measure(run, NETWORKS, 200, "percentage_directions")
    assert max(part.value for part in parts) < 2.0
    assert np.mean([part.value == 0 for part in parts]) > 0.2


def test_repeats_are_held_against_independent_coordinates():
    run = evidence(rising, seeds=2, repeats=3, sizes=(64, 256), epochs=(0, 5))
    random = np.random.default_rng(5)
    rows = run.rows.assign(
        percentage_testable=random.uniform(20, 80, len(run.rows)),
        coordinates=run.rows["layer"].map({"conv1": 144, "conv2": 400}).fillna(900),
    )
    found = design_effects(replace(run, rows=rows))
    assert len(found) == 2 * 5 * 2 * 2
    key = {"seed": 1, "layer": "conv2", "batch_size": 64, "batches": 600}
    mine = rows[rows["epoch"] == 5]
    for name, value in key.items():
        mine = mine[mine[name] == value]
    mine = mine["percentage_testable"]
    chance = mine.mean() * (100 - mine.mean()) / 400
    assert found[tuple(key.values())] == pytest.approx(mine.var(ddof=1) / chance)
    said = design_effect_remark(replace(run, rows=rows))
    assert said == (
        f"variance over repeats is {found.median():.1f} (median) to {found.max():.0f} times that "
        "of independent coordinates"
    )
    certain = design_effects(replace(run, rows=rows.assign(percentage_testable=100.0)))
    assert certain.isna().all()


@pytest.mark.parametrize("column", ["percentage_gaussian", "percentage_testable"])
def test_the_ceiling_is_looked_for_at_the_last_epoch_and_the_smallest_batch(column):
    def percentage(layer, epoch, size, batches):
        last = {64: 93.0, 1024: 80.0} if layer == "conv1" else {64: 80.0, 1024: 93.0}
        return last[size] if epoch else 200 - 1.2 * last[size]

    run = evidence(percentage, sizes=(64, 1024), noise=0.05)
    assert at_ceiling(run, 600, column) == ["conv1"]
    assert ceiling_remark(run) == "at the ceiling from the start: conv1"
    assert ceiling_remark(evidence(rising)) == ""


def test_every_pair_of_neighbouring_batch_sizes_may_fall_by_three():
    found = decide(BY_NAME["rises_with_batch_size"], Experiment([evidence(rising, seeds=1)]))
    labels = [part["component"] for part in found.components]
    assert labels[:5] == [f"{layer}: rise from batch size 64 to 1024" for layer in LAYERS]
    assert labels[5:7] == [
        "conv1: fall from batch size 64 to 256",
        "conv1: fall from batch size 256 to 1024",
    ]
    assert len(labels) == 15
    assert {part["most"] for part in found.components[5:]} == {3.0}
    assert [part["value"] for part in found.components[5:7]] == pytest.approx([-6, -6], abs=0.6)


def test_the_first_convolution_is_held_against_every_other_at_every_size():
    run = evidence(leading(9.0), ALEXNET, "alexnet", seeds=1)
    found = decide(BY_NAME["first_convolution_leads"], Experiment([run])).components
    assert [part["component"] for part in found] == [
        f"conv1 minus {layer} at batch size {size}"
        for size in (64, 256, 1024)
        for layer in ("conv2", "conv3", "conv4", "conv5", "linear1")
    ]
    assert [part["value"] for part in found] == pytest.approx([9.0] * 15, abs=0.7)
    alone = evidence(leading(9.0), ALEXNET[:1], "alexnet")
    assert row("first_convolution_leads", alone)["reason"] == (
        "needs the noise of conv1 and of another layer"
    )
    without = evidence(leading(9.0), ALEXNET[1:], "alexnet")
    assert verdict("first_convolution_leads", without) == "not testable here"


@pytest.mark.parametrize(("layers", "swaps", "expected"), [(12, 12, "supported"), (12, 20, "contradicted")])  # fmt: skip
def test_ranks_agree_to_nine_tenths(layers, swaps, expected):
    # 36 cells of which the first 12, or 20, are reversed: 1 - 12 * 143 * 2 / (36 * 1295) = .926, .658.
    _, made = ranked(0, layers)

    def reversed_(layer, epoch, size, batches):
        place = 3 * int(layer.removeprefix("conv")) + {64: 0, 256: 1, 1024: 2}[size]
        place = swaps - 1 - place if batches == 600 and place < swaps else place
        return 10 + 2 * place

    found = row("same_trend", evidence(reversed_, made, noise=0.05))
    assert found["verdict"] == expected
    exact = 1 - 2 * swaps * (swaps**2 - 1) / (36 * 1295)
    assert found["measured"] == pytest.approx(exact, abs=1e-6)


def test_eight_percentages_have_a_trend():
    # The third layer is at the ceiling but for a batch size or two.
    percentage, layers = ranked(0, 3)
    for high, expected in ((1, "open"), (2, "not testable here")):
        at_most = [(2, 256), (2, 1024)][-high:]

        def ceiling(layer, epoch, size, batches, at_most=at_most):
            there = (int(layer.removeprefix("conv")), size) in at_most
            return 92.5 if there else percentage(layer, epoch, size, batches)

        assert verdict("same_trend", evidence(ceiling, layers)) == expected


@pytest.mark.parametrize("scope", [ARCHITECTURE, NETWORKS])
def test_one_seed_is_left_out_for_the_architecture_and_one_repeat_of_a_network_else(scope):
    random = np.random.default_rng(3)
    index = pd.MultiIndex.from_product([(4, 7, 9), (1, 2)], names=["seed", "repeat"])
    first, second = (pd.DataFrame(random.uniform(0, 9, (6, 7)), index) for _ in range(2))
    found = jackknifed_correlation(first, second, scope)
    if scope == ARCHITECTURE:
        one, other = (table.groupby(level="seed").mean() for table in (first, second))
        expected = [
            3 * spearman(one.mean(), other.mean())
            - 2 * spearman(one.drop(seed).mean(), other.drop(seed).mean())
            for seed in (4, 7, 9)
        ]
        assert list(found.index) == [(4, 0), (7, 0), (9, 0)]
    else:
        expected = [
            2 * spearman(first.loc[seed].mean(), second.loc[seed].mean())
            - spearman(first.loc[seed, 3 - repeat], second.loc[seed, 3 - repeat])
            for seed, repeat in index
        ]
        assert list(found.index) == list(index)
    assert found.tolist() == pytest.approx(expected)


def test_distances_are_in_the_claims_own_margins():
    percentage, layers = ranked(2)
    found = row("same_trend", evidence(percentage, layers))
    assert found["standardised"] == pytest.approx((found["measured"] - 0.9) / 0.1)
    found = row("small_deviation", evidence(rising))
    assert found["standardised"] == pytest.approx((2 - found["measured"]) / 2)
    found = row("rises_with_batch_size", evidence(rising))
    assert found["standardised"] == pytest.approx(found["measured"] / 3)
    found = row("first_convolution_leads", evidence(leading(9.0), ALEXNET, "alexnet"))
    assert found["standardised"] == pytest.approx((found["measured"] + 1) / 3)
