"""Claims on the share of Gaussian coordinates: verdicts out of tables made for them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_claims import BY_NAME, evidence, rising, row, verdict
from example_results import ALEXNET
from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.gaussianity.deviation import deviation
from gradnoise.claims.gaussianity.trend import jackknifed_correlation
from gradnoise.clt.rank_correlation import spearman
from gradnoise.tables.moderated.contrasts import NETWORKS


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
