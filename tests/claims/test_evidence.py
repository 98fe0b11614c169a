"""A run's tables as claims ask for them."""

from dataclasses import replace

import pandas as pd
import pytest

from example_claims import evidence, rising
from gradnoise.claims.evidence import Contrast, NotTestableError, Pair, need, simultaneous


def test_intervals_of_contrasts_cover_at_once():
    index = pd.MultiIndex.from_product([[0], range(1, 6)], names=["seed", "repeat"])
    values = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0], index)
    (alone,) = simultaneous([Contrast("a", values, least=0)])
    first, second = simultaneous([Contrast("a", values, least=0), Contrast("b", -values, most=2)])
    # Student's t with 4 degrees of freedom: 2.776 at 5 %, 3.495 at 2.5 %; the standard error is sqrt(0.5).
    assert alone.upper - alone.value == pytest.approx(2.7764 * 0.5**0.5, rel=1e-4)
    assert first.upper - first.value == pytest.approx(3.4954 * 0.5**0.5, rel=1e-4)
    assert (second.label, second.value, second.most) == ("b", -3.0, 2)


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


def test_only_repetition_gives_an_interval():
    assert evidence(rising, seeds=1, repeats=2).can_estimate
    assert evidence(rising, seeds=3, repeats=1).can_estimate
    alone = evidence(rising, seeds=2, repeats=1)
    assert not alone.can_estimate
    assert not Pair(evidence(rising), alone).can_estimate


def test_a_pair_speaks_in_the_first_runs_scope():
    pair = Pair(evidence(rising, name="a", seeds=1), evidence(rising, name="b"))
    assert pair.scope(all_epochs=False)["run"] == "a, b"
    assert pair.scope(all_epochs=True)["epochs"] == "0 5"
    assert pair.scope(all_epochs=False)["seeds"] == "0"


def test_a_condition_is_named():
    need(True, "nothing")
    with pytest.raises(NotTestableError, match="needs two eyes"):
        need(False, "two eyes")
