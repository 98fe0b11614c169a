"""From tables to evidence."""

import pandas as pd

from example_dynamics import VARIANTS, tables
from gradnoise.claims.experiment import gather, recorded, weights


def test_weights_count_whatever_their_layer_computes():
    table = pd.DataFrame(
        {
            "kind": ["weight", "weight", "bias", "norm", "network"],
            "operation": ["convolution", "attention", "linear", "normalisation", "network"],
        }
    )
    assert list(weights(table).index) == [0, 1]


def test_a_run_gets_the_training_of_the_networks_it_measures():
    about = {"kind": "weight", "operation": "linear", "layer": "linear1"}
    made = {
        "gaussianity_repeats": pd.DataFrame([{"run": "a", **about}, {"run": "b", **about}]),
        "growth": pd.DataFrame([{"run": "b", **about, "kurtosis_exponent": 0.1}]),
        "training": pd.DataFrame({"run": ["a"], "epoch": [1], "train_accuracy": [0.9]}),
        **{name: pd.DataFrame() for name in ("langevin", "langevin_subspaces")},
    }
    sections = {"b": {"model": {"name": "cnn"}}}
    first, second = gather(made, sections, {"a": "a", "b": "a"}).runs
    assert (first.name, second.name, first.model, second.model) == ("a", "b", "unknown", "cnn")
    assert second.at_epoch(1, "train_accuracy") == 0.9
    assert first.statistics["growth"].empty
    assert len(second.statistics["growth"]) == 1


def test_a_trajectory_has_the_eigenvectors_of_its_own_variant():
    two = {name: VARIANTS[name] for name in ("plain", "heavy")}
    subspaces, directions = tables(variants=two, modes=6)
    other = directions.iloc[:1].assign(kind="random")
    found = recorded(subspaces, pd.concat([directions, other]), {})
    assert [one.numbers["variant"] for one in found] == ["plain", "heavy"]
    assert [len(one.directions) for one in found] == [6, 6]
    assert set(found[1].directions["variant"]) == {"heavy"}
    assert recorded(subspaces.assign(subspace="conv1.weight"), directions, {}) == []
