"""Claims on tails: verdicts out of tables made for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from example_claims import evidence, rising, row, verdict
from example_results import CNN
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import Evidence
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.tails import CLAIMS, figure_7_cases

SIZES = (64, 256, 1024)
LAYERS = [layer for layer, *_ in CNN]
BY_NAME = {claim.name: claim for claim in CLAIMS}


def with_tails(
    gap: float = 0.4,
    power: float = 0.5,
    at_all: float = 0.004,
    scatter: float = 0.001,
    seeds: int = 4,
    repeats: int = 3,
) -> Evidence:
    """A run whose tail index is `gap` below the null at B = 1, nears it as B to the minus `power`, and ends `at_all`."""
    random = np.random.default_rng(0)
    tails, largest = [], []
    for seed in range(seeds):
        for place, layer in enumerate(LAYERS):
            for repeat in range(1, repeats + 1):
                about = {"seed": seed, "epoch": 5, "layer": layer, "repeat": repeat}
                end = at_all * (place + 1) / len(LAYERS) + scatter * random.normal()
                largest.append({**about, "null_minus_mean": end})
                tails += [
                    {
                        **{**about, "batch_size": size, "method": method},
                        "null_minus_mean": gap / size**power * (1 if method == "ecf" else 9)
                        + scatter * random.normal(),
                    }
                    for size in SIZES
                    for method in ("ecf", "mohammadi")
                ]
    run = evidence(rising, seeds=seeds, repeats=repeats)
    tables = {"tails": pd.DataFrame(tails), "largest_batch": pd.DataFrame(largest)}
    return replace(run, statistics=tables)


@pytest.mark.parametrize("seeds", [1, 4])
@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({}, "supported"),
        ({"power": 0.0}, "open"),  # a slope of exactly 0
        ({"power": -0.2}, "contradicted"),
        (
            {"gap": 4.0},
            "supported",
        ),  # at batch size 1024 still .12 below: a number, no contradiction
        ({"at_all": 0.019}, "supported"),
        ({"at_all": 0.021}, "open"),
        ({"at_all": 0.03}, "contradicted"),
        ({"scatter": 0.5}, "open"),
    ],
)
def test_the_index_goes_to_two_where_the_gap_falls_and_is_closed_at_all_samples(
    made: dict[str, float], expected: str, seeds: int
) -> None:
    run = with_tails(**made, seeds=seeds, repeats=8)  # type: ignore[arg-type]
    if "at_all" in made and expected == "open":
        run = replace(run, statistics={**run.statistics, "largest_batch": _noisier(run)})
    assert verdict("tail_index_to_two", run) == expected


def _noisier(run: Evidence) -> pd.DataFrame:
    rows = run.statistics["largest_batch"]
    noise = 0.02 * np.random.default_rng(1).standard_normal(len(rows))
    return rows.assign(null_minus_mean=rows["null_minus_mean"] + noise - noise.mean())


def test_the_gap_at_the_largest_batch_size_is_told() -> None:
    found = row("tail_index_to_two", with_tails(gap=4.0, scatter=0.0))
    assert found["reason"] == "at batch size 1024 the gap is 0.12 to 0.12"


def test_slopes_and_ends_are_of_every_layer() -> None:
    rows = decide(BY_NAME["tail_index_to_two"], Experiment([with_tails(scatter=0.0)])).components
    of_networks = [part for part in rows if part["scope"] == "these networks"]
    assert len(of_networks) == 2 * len(LAYERS)
    gaps = 0.4 / np.sqrt(SIZES)
    slope = stats.linregress(np.log(SIZES), gaps).slope
    assert [part["value"] for part in of_networks[::2]] == pytest.approx([slope] * len(LAYERS))
    ends = 0.004 * np.arange(1, len(LAYERS) + 1) / len(LAYERS)
    assert [part["value"] for part in of_networks[1::2]] == pytest.approx(ends)


def with_growth(exponent: float, error: float = 0.01, seeds: int = 1) -> Evidence:
    """A run whose last layer's kurtosis grows with the exponent, and the others' a little less."""
    growth = [
        {
            **{"seed": seed, "epoch": 5, "layer": layer},
            "kurtosis_exponent": exponent - 0.05 * (len(LAYERS) - 1 - place) + 0.002 * (seed - 1.5),
            **{"kurtosis_error": error, "variance_exponent": 0.03 + 0.01 * place},
            **{"dense_coordinates": 9 * (place == 1), "dense_kurtosis_exponent": 0.02},
            "dense_kurtosis_error": 0.01,
        }
        for seed in range(seeds)
        for place, layer in enumerate(LAYERS)
    ]
    return replace(evidence(rising, seeds=seeds), statistics={"growth": pd.DataFrame(growth)})


HALF = (
    stats.t.ppf(0.975, 15) * 0.01
)  # half the interval of an error of .01 from 16 groups of samples
HOLM = stats.t.ppf(1 - 0.025 / len(LAYERS), 15) * 0.01


@pytest.mark.parametrize(
    ("claim", "finite", "infinite"),
    [("finite_variance", 0.6, 0.85), ("finite_fourth_moment", 0.12, 0.25)],
)
def test_moments_are_judged_by_the_ends_of_the_interval(
    claim: str, finite: float, infinite: float
) -> None:
    for exponent, expected in (
        (finite - HALF - 0.003, "supported"),
        (finite - HALF + 0.006, "open"),
        ((finite + infinite) / 2, "open"),
        (infinite + HOLM - 0.003, "open"),
        (infinite + HOLM + 0.006, "contradicted"),
    ):
        # One network: its exponents are shifted by -.003.
        assert verdict(claim, with_growth(exponent)) == expected, exponent


def test_more_networks_have_less_error_and_more_degrees() -> None:
    found = decide(BY_NAME["finite_variance"], Experiment([with_growth(0.3, seeds=2)])).components
    assert [part["error"] for part in found] == pytest.approx([0.01 / np.sqrt(2)] * len(LAYERS))
    assert {part["degrees"] for part in found} == {30}


@pytest.mark.parametrize(
    ("claim", "exponent", "expected"),
    [
        ("finite_variance", 0.53, "supported"),
        ("finite_variance", 0.72, "open"),
        ("finite_variance", 0.94, "contradicted"),
        ("finite_fourth_moment", 0.07, "supported"),
        ("finite_fourth_moment", 0.17, "open"),
        ("finite_fourth_moment", 0.34, "contradicted"),
    ],
)
def test_the_architecture_is_judged_over_seeds(claim: str, exponent: float, expected: str) -> None:
    # However uncertain each network's exponent is by itself.
    run = with_growth(exponent, error=0.5, seeds=4)
    assert verdict(claim, run, scope="the architecture") == expected
    assert verdict(claim, run, scope="these networks") == "open"


def test_what_stands_beside_the_growth() -> None:
    reason = row("finite_variance", with_growth(0.1))["reason"]
    assert "exponents 0.03 to 0.07 (0.38 without variance" in reason
    assert f"0.02 ± 0.01 ({LAYERS[1]})" in reason
    rows = with_growth(0.1).statistics["growth"].assign(dense_coordinates=0)
    sparse = replace(evidence(rising, seeds=1), statistics={"growth": rows})
    assert "sparse ones grow, too" in row("finite_variance", sparse)["reason"]
    found = row("finite_variance", evidence(rising))
    assert (found["verdict"], found["reason"][:6]) == ("not testable here", "needs ")


def with_rejected(
    at_two: float = 0.7, near: float = 0.97, series: int = 40, seeds: int = 1, repeats: int = 5
) -> Evidence:
    """A run whose first layer's rejected coordinates have these shares; other layers and ecf have others."""
    random = np.random.default_rng(3)
    rejected = []
    for seed in range(seeds):
        for layer in LAYERS:
            for size in SIZES:
                for repeat in range(1, repeats + 1):
                    for method in ("ecf", "ml"):
                        mine = layer == LAYERS[0] and size == 64 and method == "ml"
                        shares = (at_two, near) if mine else (0.1, 0.3)
                        noisy = random.binomial(series, shares) / series if series else np.nan
                        rejected.append(
                            {
                                **{"seed": seed, "epoch": 5, "layer": layer, "repeat": repeat},
                                **{"batch_size": size, "method": method, "series": series},
                                **dict(zip(("share_at_2", "share_near_2"), noisy, strict=True)),
                                **{"null_share_at_2": 0.66, "null_share_near_2": 1.0},
                            }
                        )
    run = evidence(rising, seeds=seeds, repeats=repeats)
    return replace(run, statistics={"rejected_tails": pd.DataFrame(rejected)})


@pytest.mark.parametrize("seeds", [1, 4])
@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({}, "supported"),
        ({"at_two": 0.5}, "open"),
        ({"at_two": 0.3}, "contradicted"),
        ({"near": 0.9}, "open"),
        ({"near": 0.6}, "contradicted"),
        ({"at_two": 1.0, "near": 1.0}, "supported"),
    ],
)
def test_most_rejected_coordinates_have_an_index_of_two(
    made: dict[str, float], expected: str, seeds: int
) -> None:
    run = with_rejected(**made, seeds=seeds)  # type: ignore[arg-type]
    assert verdict("most_indices_two", run) == expected
    # The method and the batch size that do not decide stand beside.
    found = row("most_indices_two", run)
    assert found["fails_under"] == "ecf; B = 256; B = 1024"


def test_shares_of_one_in_every_repeat_are_no_certainty() -> None:
    few = with_rejected(at_two=1.0, near=1.0, series=5, repeats=3)
    found = decide(BY_NAME["most_indices_two"], Experiment([few]))
    for part in found.components:
        assert part["value"] == 100
        assert part["error"] > 5
    assert found.claims[0]["verdict"] == "open"


@pytest.mark.parametrize(
    ("made", "needed"),
    [
        ({"series": 4}, "5 rejected coordinates of conv1"),
        ({"repeats": 2}, "3 repeats"),
    ],
)
def test_shares_need_rejected_coordinates_and_repeats(made: dict[str, int], needed: str) -> None:
    found = row("most_indices_two", with_rejected(**made))  # type: ignore[arg-type]
    assert found["verdict"] == "not testable here"
    assert needed in found["reason"]


def test_rejected_gaussian_series_stand_beside() -> None:
    reason = row("most_indices_two", with_rejected(at_two=0.5, near=0.9, series=4000))["reason"]
    assert "ml finds from 1.98 on 66 % (difference -16 points)" in reason
    assert "from 1.8 on 100 % (difference -10 points)" in reason


def test_the_batch_size_nearest_to_the_papers_decides() -> None:
    sizes = (16, 100, 512)
    cases = figure_7_cases(evidence(lambda *_: 50.0, sizes=sizes))
    assert list(cases) == ["B = 100", "ecf", "B = 16", "B = 512"]
    assert cases["ecf"] == (100, "ecf")
    assert cases["B = 16"] == (16, "ml")


def test_growth_is_that_of_the_last_epoch() -> None:
    run = with_growth(0.1)
    rows = run.statistics["growth"]
    both = pd.concat([rows.assign(epoch=0, **dict.fromkeys(("kurtosis_exponent", "variance_exponent", "dense_kurtosis_exponent"), 0.99)), rows])  # fmt: skip
    found = row("finite_variance", replace(run, statistics={"growth": both}))
    assert found["verdict"] == "supported"
    assert "0.03 to 0.07" in found["reason"]
    assert "at most 0.02" in found["reason"]


def test_of_layers_with_dense_coordinates_the_largest_growth_is_told() -> None:
    run = with_growth(0.1)
    rows = run.statistics["growth"].assign(
        dense_coordinates=[3, 2, 0, 5, 1],
        dense_kurtosis_exponent=[0.11, 0.31, 0.9, 0.22, 0.05],
        dense_kurtosis_error=[0.01, 0.02, 0.03, 0.04, 0.05],
    )
    found = row("finite_variance", replace(run, statistics={"growth": rows}))
    assert found["reason"].endswith(f"at most 0.31 ± 0.02 ({LAYERS[1]})")


def test_the_error_of_a_mean_over_networks_is_that_of_independent_ones() -> None:
    run = with_growth(0.3, seeds=2)
    rows = run.statistics["growth"]
    errors = rows.assign(kurtosis_error=0.01 * (1 + np.arange(len(rows))))
    found = decide(BY_NAME["finite_variance"], Experiment([replace(run, statistics={"growth": errors})]))  # fmt: skip
    first = found.components[0]
    assert first["error"] == pytest.approx(np.hypot(0.01, 0.06) / 2)
    assert first["value"] == pytest.approx(0.3 - 0.2 - 0.002)
    assert (first["most"], first["degrees"]) == (0.6, 30)


def test_slopes_are_in_the_logarithm_of_the_batch_size_and_thresholds_are_both_held() -> None:
    parts = BY_NAME["tail_index_to_two"].measure(with_tails(), "these networks")
    assert [part.most for part in parts] == [0, 0.02] * len(LAYERS)
    run = with_tails(scatter=0.0)
    tails = run.statistics["tails"]
    bent = tails.assign(null_minus_mean=tails["null_minus_mean"] + (tails["batch_size"] == 256))
    earlier = bent.assign(epoch=0, null_minus_mean=9.0)
    changed = {**run.statistics, "tails": pd.concat([earlier, bent])}
    found = decide(BY_NAME["tail_index_to_two"], Experiment([replace(run, statistics=changed)]))
    gaps = 0.4 / np.sqrt(SIZES) + [0, 1, 0]
    assert found.components[0]["value"] == pytest.approx(stats.linregress(np.log(SIZES), gaps).slope)  # fmt: skip


def test_one_batch_size_has_no_slope() -> None:
    run = with_tails()
    one = replace(run, rows=run.rows[run.rows["batch_size"] == 64])
    assert row("tail_index_to_two", one)["reason"] == "needs two batch sizes or more"


@pytest.mark.parametrize(
    ("at_two", "near", "expected"),
    [
        (0.52, 0.91, "supported"),
        (0.48, 0.91, "contradicted"),
        (0.52, 0.89, "contradicted"),
    ],
)
def test_shares_are_held_against_a_half_and_nine_tenths(
    at_two: float, near: float, expected: str
) -> None:
    run = with_rejected(at_two, near, series=10**5, repeats=8)
    assert verdict("most_indices_two", run) == expected


def test_shares_are_those_of_their_own_column_batch_size_and_method() -> None:
    run = with_rejected(seeds=2)
    rows = run.statistics["rejected_tails"]
    random = np.random.default_rng(4)
    numbers = {name: random.uniform(0, 1, len(rows)) for name in ("share_at_2", "share_near_2")}
    run = replace(run, statistics={"rejected_tails": rows.assign(**numbers)})
    rows = run.statistics["rejected_tails"]
    mine = rows[(rows["layer"] == "conv1") & (rows["batch_size"] == 256) & (rows["method"] == "ml")]
    parts = BY_NAME["most_indices_two"].measure(run, "these networks", 256, "ml")
    assert [part.value for part in parts] == pytest.approx(
        [100 * mine[name].mean() for name in ("share_at_2", "share_near_2")]
    )
    assert [part.least for part in parts] == [50.0, 90.0]
    assert {(part.lowest, part.highest) for part in parts} == {(0.0, 100.0)}


def test_distances_are_in_the_claims_own_margins() -> None:
    for name, most, margin in (
        ("finite_variance", 0.6, 0.25),
        ("finite_fourth_moment", 0.12, 0.13),
    ):
        for part in decide(BY_NAME[name], Experiment([with_growth(0.3)])).components:
            assert part["standardised"] == pytest.approx((most - part["value"]) / margin)
    parts = decide(BY_NAME["tail_index_to_two"], Experiment([with_tails(seeds=1)])).components
    for part in parts:
        most = 0.02 if "gap in batches" in part["component"] else 0.0
        assert part["standardised"] == pytest.approx((most - part["value"]) / 0.02)
    two, near = decide(BY_NAME["most_indices_two"], Experiment([with_rejected()])).components
    assert two["standardised"] == pytest.approx((two["value"] - 50) / 10)
    assert near["standardised"] == pytest.approx((near["value"] - 90) / 10)
