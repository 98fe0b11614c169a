"""Claims on fluctuations with depth: both sides of every threshold, out of tables made for them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gradnoise.claims.decision import decide
from gradnoise.claims.experiment import Experiment
from gradnoise.claims.geometry.fluctuations import CLAIMS

BY_NAME = {claim.name: claim for claim in CLAIMS}
NAMES = ("preactivation_fluctuation", "kernel_fluctuation", "correlator")


def table(
    growth: float = 0.02,
    drift: float = 0.0,
    noise: float = 0.01,
    deepest: int = 50,
    spread: float = 0.0,
    **only: float,
):
    """Gaussian networks whose fluctuations grow per layer; orthogonal ones that drift by a ratio from 20 to the deepest.

    Args:
        growth, drift: of all three quantities, or in `only` of the one named `{name}_growth`, `{name}_drift`.
        noise: relative, of a group.
        deepest: layers.
        spread: of the growth over groups.
    """
    random = np.random.default_rng(3)
    depths = np.arange(1, deepest + 1)
    rows = []
    for q in (0.0, 0.5):
        for kind in ("gaussian", "orthogonal"):
            for group in range(20):
                found = {}
                for name in NAMES:
                    up, by = only.get(f"{name}_growth", growth), only.get(f"{name}_drift", drift)
                    up += spread * random.standard_normal()
                    base = (
                        1 + up * depths
                        if kind == "gaussian"
                        else 0.01 * (1 + by * (depths - 20) / (deepest - 20))
                    )
                    if q:
                        base = 1 / depths  # another q decides nothing
                    found[name] = (
                        base
                        * (1 + noise * random.standard_normal())
                        * (-1 if name == "correlator" else 1)
                    )
                rows += [
                    {"initialisation": kind, "q": q, "depth": depth, "group": group, "networks": 7}
                    | {name: values[depth - 1] for name, values in found.items()}
                    for depth in depths
                ]
    return pd.DataFrame(rows)


def row(name: str, rows: pd.DataFrame) -> dict:
    (found,) = decide(BY_NAME[name], Experiment([], [], {"geometry_fluctuations": rows})).claims
    return found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "supported"),
        ({"growth": -0.01}, "contradicted"),
        ({"growth": 1e-4, "spread": 1e-3}, "open"),
        (
            {"drift": 0.13},
            "supported",
        ),  # two thirds of it between the means of first and last third
        ({"drift": 0.17}, "contradicted"),
        ({"drift": -0.12}, "supported"),
        ({"drift": -0.17}, "contradicted"),
        ({"deepest": 39}, "not testable here"),
    ],
)
@pytest.mark.parametrize("name", BY_NAME)
def test_growth_and_constancy_with_depth(name, change, expected):
    assert row(name, table(**change))["verdict"] == expected


def test_the_kernel_is_judged_by_all_its_correlators_and_the_preactivations_by_theirs():
    drifting = table(correlator_drift=0.4)
    assert row("kernel_correlators", drifting)["verdict"] == "contradicted"
    assert row("preactivation_fluctuations", drifting)["verdict"] == "supported"
    shrinking = table(kernel_fluctuation_growth=-0.01)
    assert row("kernel_correlators", shrinking)["quantity"].startswith("tangent kernel: growth")


def test_the_error_of_a_ratio_is_that_of_simulation():
    from gradnoise.claims.geometry.fluctuations import _constancy

    random = np.random.default_rng(8)
    found = [
        _constancy(
            "x", pd.DataFrame(1 + 0.2 * random.standard_normal((20, 50)), columns=range(1, 51))
        )
        for _ in range(300)
    ]
    values = np.array([each.value for each in found])
    errors = np.array([each.error for each in found])
    assert values.std() == pytest.approx(errors.mean(), rel=0.12)


def test_subjects_count_all_networks():
    assert row("preactivation_fluctuations", table())["repeats"] == 140


def test_growth_is_the_slope_of_every_group_and_constancy_a_ratio_of_thirds():
    rows = table(noise=0.05, spread=0.002)
    # Depths vary by themselves, too: else the ratio of a group's thirds is every group's.
    rows["kernel_fluctuation"] *= 1 + 0.05 * np.random.default_rng(9).standard_normal(len(rows))
    found = decide(
        BY_NAME["kernel_correlators"], Experiment([], [], {"geometry_fluctuations": rows})
    )
    parts = {part["component"]: part for part in found.components}
    assert list(parts) == [
        "tangent kernel: growth per layer, Gaussian",
        "tangent kernel: last third over first third beyond depth 20, orthogonal",
        "kernel and preactivations: growth per layer, Gaussian",
        "kernel and preactivations: last third over first third beyond depth 20, orthogonal",
    ]
    limit = rows[rows["q"] == 0]
    for name, sign, part in zip(("kernel_fluctuation", "correlator"), (1, -1), list(parts.values())[::2], strict=True):  # fmt: skip
        groups = limit[limit["initialisation"] == "gaussian"].groupby("group")
        slopes = [stats.linregress(each["depth"], sign * each[name]).slope for _, each in groups]
        assert part["value"] == pytest.approx(np.mean(slopes))
        assert part["error"] == pytest.approx(stats.sem(slopes))
        assert (part["degrees"], part["least"]) == (19, 0.0)
    orthogonal = limit[limit["initialisation"] == "orthogonal"]
    late = orthogonal[orthogonal["depth"] > 40].groupby("group")["kernel_fluctuation"].mean()
    early = orthogonal[orthogonal["depth"].between(21, 30)].groupby("group")["kernel_fluctuation"].mean()  # fmt: skip
    ratio = parts["tangent kernel: last third over first third beyond depth 20, orthogonal"]
    assert ratio["value"] == pytest.approx(late.mean() / early.mean())
    without = [late.drop(g).mean() / early.drop(g).mean() for g in late.index]
    assert ratio["error"] == pytest.approx(np.sqrt(19 / 20 * np.sum((without - np.mean(without)) ** 2)))  # fmt: skip
    assert (ratio["degrees"], ratio["least"], ratio["most"]) == (19, 0.9, 1.1)


def test_forty_layers_are_deep():
    assert row("preactivation_fluctuations", table(deepest=40))["verdict"] == "supported"
    found = row("preactivation_fluctuations", table(deepest=39))
    assert found["reason"] == "needs geometry.deepest of 40 or more"
