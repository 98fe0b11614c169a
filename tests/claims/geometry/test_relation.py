"""Claims on noise covariance, Fisher information and Hessian: both sides of every threshold."""

import numpy as np
import pandas as pd
import pytest

from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.geometry.relation import CLAIMS

BY_NAME = {claim.name: claim for claim in CLAIMS}
SAME = {"fisher_hessian": 0.97, "fisher_noise": 0.96, "hessian_over_fisher": 1.03, "noise_over_fisher": 0.98}  # fmt: skip


def relation(epoch: int, spread: float = 0.01, networks: int = 8, **changed: float) -> pd.DataFrame:
    """Networks that are alike at epochs 0 and 50, but for what is changed of one kind and depth at one epoch."""
    random = np.random.default_rng(5)
    rows = [
        {
            "depth": depth,
            "initialisation": kind,
            "q": q,
            "seed": seed,
            "epoch": at,
            "loss": 2 - at / 30 + q / 10,
        }
        | SAME
        | (changed if (depth, kind, q, at) == (7, "gaussian", 0.5, epoch) else {})
        for depth in (7, 4)
        for kind in ("orthogonal", "gaussian")
        for q in (0.1, 0.5)
        for seed in range(networks)
        for at in (0, 50)
    ]
    table = pd.DataFrame(rows)
    table[list(SAME)] += spread * random.standard_normal((len(table), len(SAME)))
    return table


def row(claim: str, table: pd.DataFrame) -> dict:
    shared = {"geometry_relation": table}
    (found,) = decide(BY_NAME[claim], Experiment([], [], shared)).claims
    return found


@pytest.mark.parametrize(
    ("claim", "epoch", "changed", "expected"),
    [
        ("hessian_is_fisher", 50, {}, "supported"),
        ("hessian_is_fisher", 50, {"fisher_hessian": 0.93}, "supported"),
        ("hessian_is_fisher", 50, {"fisher_hessian": 0.86}, "contradicted"),
        ("hessian_is_fisher", 50, {"hessian_over_fisher": 1.14}, "contradicted"),
        ("hessian_is_fisher", 50, {"hessian_over_fisher": 0.86}, "contradicted"),
        # Before training nobody says so.
        ("hessian_is_fisher", 0, {"fisher_hessian": 0.2, "hessian_over_fisher": -0.4}, "supported"),
        ("hessian_is_fisher", 50, {"fisher_noise": 0.2, "noise_over_fisher": 0.4}, "supported"),
        ("noise_is_fisher", 50, {}, "supported"),
        ("noise_is_fisher", 50, {"fisher_noise": 0.86}, "contradicted"),
        ("noise_is_fisher", 0, {"fisher_noise": 0.86}, "contradicted"),
        ("noise_is_fisher", 50, {"noise_over_fisher": 0.86}, "contradicted"),
        ("noise_is_fisher", 0, {"noise_over_fisher": 1.14}, "contradicted"),
        ("noise_is_fisher", 50, {"fisher_hessian": 0.2, "hessian_over_fisher": 3.0}, "supported"),
    ],
)
def test_thresholds_hold_for_every_kind_of_network(claim, epoch, changed, expected):
    assert row(claim, relation(epoch, **changed))["verdict"] == expected


def test_wide_spreads_leave_it_open_and_the_remark_tells_the_fit():
    found = row("noise_is_fisher", relation(50, spread=0.1))
    assert found["verdict"] == "open"
    assert found["decides_key"] == "geometry.networks"
    assert found["reason"] == "mean loss at epoch 50: 0.34 to 0.38"
    assert row("noise_is_fisher", relation(50, networks=2))["verdict"] == "not testable here"
