"""A run's tables as claims ask for them."""

from dataclasses import replace

import pandas as pd
import pytest

from example_claims import evidence, rising
from gradnoise.claims.evidence import NotTestableError, Pair, need


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
