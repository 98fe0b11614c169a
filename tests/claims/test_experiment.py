"""From tables to evidence."""

import pandas as pd

from example_claims import trajectory_tables
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
    tables = {
        "gaussianity_repeats": pd.DataFrame([{"run": "a", **about}, {"run": "b", **about}]),
        "growth": pd.DataFrame([{"run": "b", **about, "kurtosis_exponent": 0.1}]),
        "training": pd.DataFrame({"run": ["a"], "epoch": [1], "train_accuracy": [0.9]}),
        **{name: pd.DataFrame() for name in ("langevin", "langevin_subspaces")},
    }
    sections = {"b": {"model": {"name": "cnn"}}}
    first, second = gather(tables, sections, {"a": "a", "b": "a"}).runs
    assert (first.name, second.name, first.model, second.model) == ("a", "b", "unknown", "cnn")
    assert second.at_epoch(1, "train_accuracy") == 0.9
    assert first.statistics["growth"].empty
    assert len(second.statistics["growth"]) == 1


def test_a_trajectory_has_the_eigenvectors_of_its_own_variant():
    subspaces, directions = trajectory_tables(["plain", "momentum"])
    other = directions.iloc[:1].assign(kind="random")
    found = recorded(subspaces, pd.concat([directions, other]), {})
    assert [one.numbers["variant"] for one in found] == ["plain", "momentum"]
    assert [len(one.directions) for one in found] == [6, 6]
    assert set(found[1].directions["variant"]) == {"momentum"}
    assert recorded(subspaces.assign(subspace="conv1.weight"), directions, {}) == []
