"""Claims on per-sample moments and the theorems: verdicts out of tables made for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_claims import BY_NAME, evidence, rising, row, verdict
from example_results import ALEXNET, resnet
from gradnoise.claims.clt import _widest
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence
from gradnoise.claims.experiment import Experiment

LAYERS = ["conv1", "conv2", "conv3", "linear1", "linear2"]
SIZES, COUNTS = (64, 256, 1024), (200, 600)


def with_moments(orders: list[list[int]], flat_at: int = 1024) -> Evidence:
    """Networks of five layers whose rho has the given order of ranks, and whose percentages fall layer by layer.

    At batch size `flat_at` percentages have the opposite order, a hundredth as wide.
    """

    def percentage(layer: str, epoch: int, size: int, batches: int) -> float:
        place = LAYERS.index(layer)
        return 80.0 + 0.1 * place if size == flat_at else 90.0 - 10 * place

    numbers = [
        {
            **{"seed": seed, "epoch": 5, "layer": layer, "rho_q50": 20.0 + rank},
            **{"inequality_violations": 0.0, "rho_over_root_kurtosis_q05": 0.1 + 0.01 * rank},
            "rho_over_root_kurtosis_q50": 0.3 + 0.01 * rank,
            "rho_over_root_kurtosis_q95": 0.8 + 0.01 * rank,
        }
        for seed, order in enumerate(orders)
        for layer, rank in zip(LAYERS, order, strict=True)
    ]
    correlations = [
        {
            **{"seed": seed, "epoch": 5, "layer": layer, "batch_size": size, "batches": count},
            "partial_spearman_rho": -0.4 + 0.1 * place + (size != 64) + (count != 200),
        }
        for seed in range(len(orders))
        for place, layer in enumerate(LAYERS)
        for size in SIZES
        for count in COUNTS
    ]
    bounds = [
        {
            **{"seed": seed, "epoch": 5, "layer": layer, "batch_size": size, "exact_count": 100},
            **{
                "violations": 0.0,
                "exact_over_bound_q50": 0.5 / (place + 1) / (SIZES.index(size) + 1),
            },
        }
        for seed in range(len(orders))
        for place, layer in enumerate(LAYERS)
        for size in SIZES
    ]
    run = evidence(percentage, sizes=SIZES, seeds=len(orders))
    tables = {"layers": numbers, "correlations": correlations, "clt": bounds}
    return replace(run, statistics={name: pd.DataFrame(rows) for name, rows in tables.items()})


RISING, FALLING = [0, 1, 2, 3, 4], [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([RISING], "supported"),  # one of 120 orders
        ([[0, 1, 2, 4, 3]], "open"),  # .9: 5 of 120
        ([[0, 1, 2, 4, 3]] * 2, "supported"),  # networks add up
        ([RISING] * 3, "supported"),
        ([FALLING] * 3, "contradicted"),
        ([RISING, FALLING, [2, 0, 4, 1, 3]], "open"),
    ],
)
def test_third_moments_order_layers(orders: list[list[int]], expected: str) -> None:
    assert verdict("third_moment_orders_layers", with_moments(orders)) == expected


def test_layers_are_compared_where_their_percentages_differ_most() -> None:
    found = row("third_moment_orders_layers", with_moments([RISING] * 3))
    assert "over 5 layers of 3 networks at batch size 64" in found["quantity"]
    assert found["measured"] == pytest.approx(-1)
    other = row("third_moment_orders_layers", with_moments([RISING] * 3, flat_at=64))
    assert "at batch size 256" in other["quantity"]
    assert "correlations over coordinates are -0.40 (conv1) to 0.00 (linear2)" in found["reason"]


def test_four_layers_have_too_few_orders() -> None:
    run = with_moments([RISING] * 3)
    layers = run.statistics["layers"]
    layers = layers.assign(rho_q50=layers["rho_q50"].where(layers["layer"] != "conv2"))
    found = row("third_moment_orders_layers", replace(run, statistics={"layers": layers}))
    assert (found["verdict"], found["reason"]) == ("not testable here", "needs 5 layers or more")


def test_without_moments_nothing_is_decided() -> None:
    for claim in ("third_moment_orders_layers", "third_moment_bounded", "distance_bounded"):
        found = row(claim, evidence(rising))
        assert found["verdict"] == "not testable here"
        assert found["reason"].startswith("needs ")


@pytest.mark.parametrize(
    ("claim", "table", "column"),
    [
        ("third_moment_bounded", "layers", "inequality_violations"),
        ("distance_bounded", "clt", "violations"),
    ],
)
def test_one_violation_of_a_theorem_contradicts(claim: str, table: str, column: str) -> None:
    run = with_moments([RISING] * 3)
    assert verdict(claim, run, scope="these networks") == "supported"
    rows = run.statistics[table].copy()
    rows.loc[rows.index[-2], column] = 1.0
    broken = replace(run, statistics={**run.statistics, table: rows})
    found = row(claim, broken, scope="these networks")
    assert (found["verdict"], found["measured"]) == ("contradicted", 1.0)


def test_theorems_say_how_tight_they_are() -> None:
    run = with_moments([RISING] * 3)
    tight = row("third_moment_bounded", run, scope="these networks")["reason"]
    assert "0.30 to 0.34 of the root" in tight
    assert "0.10 to 0.84" in tight
    bound = row("distance_bounded", run, scope="these networks")
    assert bound["reason"].endswith("2.0 to 10.0 at 64, 4.0 to 20.0 at 256, 6.0 to 30.0 at 1024")
    assert bound["quantity"] == "exact distances above their bound, of 4,500"


def test_without_exact_distances_the_bound_is_not_held_against_anything() -> None:
    run = with_moments([RISING])
    none = run.statistics["clt"].assign(exact_count=0)
    found = row("distance_bounded", replace(run, statistics={"clt": none}))
    assert found["verdict"] == "not testable here"
    assert "must be stored" in found["reason"]


def network(
    model: str,
    layers: list[tuple[str, str, int, float]],
    spread: float,
    seeds: int = 3,
    error: float = 0.1,
) -> Evidence:
    random = np.random.default_rng(1)
    rows = [
        {
            **{"seed": seed, "epoch": 5, "layer": layer, "log_rho_spread_error": error},
            "log_rho_spread": np.log(spread) + 0.05 * random.normal(),
        }
        for seed in range(seeds)
        for layer, *_ in layers
    ]
    run = evidence(rising, layers, model, name=model, seeds=seeds)
    return replace(run, statistics={"layers": pd.DataFrame(rows)})


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize(("wide", "expected"), [(9.0, "supported"), (1.0, "contradicted")])
def test_third_moments_spread_wider_where_the_quantiles_do(
    wide: float, expected: str, seeds: int
) -> None:
    alexnet = network("alexnet", ALEXNET, wide, seeds)
    residual = network("resnet20", resnet(6), 3.0, seeds)
    found = row("alexnet_third_moments_wider", alexnet, residual)
    assert found["verdict"] == expected
    assert found["run"] == "alexnet, resnet20"


def test_of_single_networks_the_error_is_over_the_choice_of_coordinates() -> None:
    wide = network("alexnet", ALEXNET, 9.0, 1, error=0.6)
    narrow = network("resnet20", resnet(6), 3.0, 1, error=0.2)
    found = row("alexnet_third_moments_wider", wide, narrow)
    assert found["scope"] == "these networks"
    counts = len(ALEXNET), len(resnet(6))
    error = np.hypot(0.6 / np.sqrt(counts[0]), 0.2 / np.sqrt(counts[1]))
    assert found["upper"] - found["measured"] == pytest.approx(1.959964 * error, rel=1e-4)
    vague = network("alexnet", ALEXNET, 9.0, 1, error=3.0)
    assert verdict("alexnet_third_moments_wider", vague, narrow) == "open"


def test_the_comparison_needs_both_networks() -> None:
    assert verdict("alexnet_third_moments_wider", network("alexnet", ALEXNET, 9.0)) == (
        "not testable here"
    )


def test_layers_are_compared_by_the_mean_over_repeats_and_seeds_at_their_widest() -> None:
    run = with_moments([RISING] * 2)
    rows = run.rows
    at = (rows["epoch"] == 5) & (rows["batches"] == 200)
    # One seed alone spreads most at 256; their mean at 64. Before training all is different.
    wild = at & (rows["seed"] == 0) & (rows["batch_size"] == 256) & (rows["layer"] == "conv1")
    rows = rows.assign(percentage_gaussian=rows["percentage_gaussian"].mask(wild, 99.0))
    first = (rows["epoch"] == 0) & (rows["batch_size"] == 1024) & (rows["layer"] == "conv1")
    rows["percentage_gaussian"] = rows["percentage_gaussian"].mask(first, 0.0)
    other = (rows["batches"] == 600) & (rows["batch_size"] == 1024) & (rows["layer"] == "conv1")
    rows["percentage_gaussian"] = rows["percentage_gaussian"].mask(other, 0.0)
    found = row("third_moment_orders_layers", replace(run, rows=rows))
    assert "at batch size 256" in found["quantity"]
    assert found["fails_under"] == "n = 600"  # there all spread most at 1024
    size, passed = _widest(replace(run, rows=rows), 200, "percentage_gaussian")
    assert size == 256
    assert passed["conv1"].tolist() == pytest.approx([99.0, 90.0], abs=0.3)


def test_the_correlation_is_the_mean_over_networks_of_their_own() -> None:
    orders = [RISING, [1, 0, 2, 3, 4], [0, 1, 4, 2, 3]]
    found = row("third_moment_orders_layers", with_moments(orders))
    # Spearman's 1 - 6 sum d^2 / 120: sums 0, 2 and 6.
    assert found["measured"] == pytest.approx(-(1 + 0.9 + 0.7) / 3)
    assert found["threshold"] == "< 0"


def test_spreads_are_means_over_layers_and_networks() -> None:
    wide, narrow = network("alexnet", ALEXNET, 9.0, 2), network("resnet20", resnet(2), 3.0, 2)
    for run, scale in ((wide, 0.5), (narrow, 0.2)):
        rows = run.statistics["layers"]
        rows["log_rho_spread"] = np.arange(len(rows)) * scale
        rows["log_rho_spread_error"] = 0.01 * (1 + np.arange(len(rows)) % 5)
        rows.loc[3, "log_rho_spread_error"] = np.nan  # a spread without error is left out
        rows.loc[3, "log_rho_spread"] = 500.0
    found = row("alexnet_third_moments_wider", wide, narrow)
    means, errors = [], []
    for run in (wide, narrow):
        rows = run.statistics["layers"].drop(index=3)
        means.append(rows["log_rho_spread"].mean())
        errors.append(np.sqrt((rows["log_rho_spread_error"] ** 2).sum()) / len(rows))
    assert found["measured"] == pytest.approx(means[0] - means[1])
    half = 1.959964 * np.hypot(*errors)
    assert found["upper"] - found["measured"] == pytest.approx(half, rel=1e-5)
    assert found["least"] == 0


def test_of_the_architecture_the_spreads_of_seeds_are_compared() -> None:
    wide, narrow = network("alexnet", ALEXNET, 9.0), network("resnet20", resnet(2), 3.0, 4)
    for run, shift in ((wide, 0.3), (narrow, 0.1)):
        rows = run.statistics["layers"]
        rows["log_rho_spread"] += shift * rows["seed"] ** 2
    found = row("alexnet_third_moments_wider", wide, narrow, scope="the architecture")
    seeds = [
        r.statistics["layers"].groupby("seed")["log_rho_spread"].mean() for r in (wide, narrow)
    ]
    expected = stats.ttest_ind(*seeds, equal_var=False).confidence_interval(0.95)
    assert (found["lower"], found["upper"]) == pytest.approx((expected.low, expected.high))


def test_a_network_that_shares_gradients_is_no_second_network() -> None:
    alexnet, residual = network("alexnet", ALEXNET, 9.0), network("resnet20", resnet(2), 3.0)
    for runs in ((replace(alexnet, shares_gradients=True), residual),
                 (alexnet, replace(residual, shares_gradients=True))):  # fmt: skip
        found = row("alexnet_third_moments_wider", *runs)
        assert found["reason"] == "needs an AlexNet and a ResNet in one experiment"
    for claim in ("third_moment_bounded", "distance_bounded"):
        borrowed = replace(with_moments([RISING]), shares_gradients=True)
        assert decide(BY_NAME[claim], Experiment([borrowed])).claims == []


def test_violations_add_up_over_layers_networks_and_batch_sizes() -> None:
    run = with_moments([RISING] * 2)
    tables = {name: table.copy() for name, table in run.statistics.items()}
    tables["layers"]["inequality_violations"] = np.arange(10.0)
    tables["clt"]["violations"] = np.arange(30.0)
    changed = replace(run, statistics=tables)
    for claim, total in (("third_moment_bounded", 45), ("distance_bounded", 435)):
        found = row(claim, changed, scope="these networks")
        assert (found["measured"], found["threshold"]) == (total, "< 0.5")


def test_log_ratios_are_in_tenths_and_correlations_in_themselves() -> None:
    wide, narrow = network("alexnet", ALEXNET, 9.0), network("resnet20", resnet(2), 3.0)
    found = row("alexnet_third_moments_wider", wide, narrow)
    assert found["standardised"] == pytest.approx(found["measured"] / 0.1)
    found = row("third_moment_orders_layers", with_moments([RISING] * 3))
    assert found["standardised"] == pytest.approx(-found["measured"])
