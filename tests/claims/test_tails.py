"""Claims on tails: verdicts out of tables made for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from example_claims import evidence, rising, row, verdict
from example_results import CNN
from gradnoise.claims.evidence import Evidence


def with_tails(
    gap: float = 0.4, power: float = 0.5, exponent: float = 0.03, scatter: float = 0.001
) -> Evidence:
    """A run whose tail index is `gap` below the null at B = 1 and nears it as B to the minus `power`."""
    random = np.random.default_rng(0)
    tails, growth = [], []
    for seed in range(4):
        for layer, *_ in CNN:
            about = {"seed": seed, "epoch": 5, "layer": layer}
            growth.append({**about, "kurtosis_exponent": exponent + scatter * random.normal()})
            tails += [
                {
                    **{**about, "batch_size": size, "repeat": repeat, "method": method},
                    "null_minus_mean": gap / size**power * (1 if method == "ecf" else 9)
                    + scatter * random.normal(),
                }
                for size in (64, 256, 1024)
                for repeat in (1, 2)
                for method in ("ecf", "mohammadi")
            ]
    run = evidence(rising, seeds=4)
    return replace(run, statistics={"tails": pd.DataFrame(tails), "growth": pd.DataFrame(growth)})


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({}, "supported"),
        ({"power": 0.0}, "contradicted"),
        ({"gap": 4.0}, "contradicted"),
        ({"scatter": 0.5}, "open"),
    ],
)
def test_the_index_goes_to_two_where_the_gap_closes(made: dict[str, float], expected: str) -> None:
    assert verdict("tail_index_to_two", with_tails(**made)) == expected


@pytest.mark.parametrize(
    ("exponent", "expected"), [(0.03, "supported"), (0.17, "open"), (0.33, "contradicted")]
)
def test_one_network_is_judged_by_the_error_over_its_samples(
    exponent: float, expected: str
) -> None:
    run = with_tails(exponent=exponent)
    growth = run.statistics["growth"]
    growth = growth[growth["seed"] == 0].assign(
        kurtosis_error=0.01,
        dense_coordinates=9,
        dense_kurtosis_exponent=0.02,
        dense_kurtosis_error=0.01,
    )
    one = replace(evidence(rising, seeds=1), statistics={"growth": growth})
    found = row("finite_variance", one)
    assert found["verdict"] == expected
    assert "0.02 ± 0.01" in found["reason"]


@pytest.mark.parametrize(
    ("exponent", "expected"), [(0.03, "supported"), (0.17, "open"), (0.33, "contradicted")]
)
def test_fourth_moments_are_finite_where_the_kurtosis_does_not_grow(
    exponent: float, expected: str
) -> None:
    assert verdict("finite_variance", with_tails(exponent=exponent)) == expected
