"""From tables to evidence."""

import pandas as pd
import pytest

from example_dynamics import VARIANTS, tables
from gradnoise.claims.claim import each_gradient
from gradnoise.claims.experiment import Experiment, gather, recorded, weights


def test_weights_count_whatever_their_layer_computes():
    table = pd.DataFrame(
        {
            "kind": ["weight", "weight", "bias", "norm", "network"],
            "operation": ["convolution", "attention", "linear", "normalisation", "network"],
        }
    )
    assert list(weights(table).index) == [0, 1]


def test_a_run_gets_the_training_of_the_networks_it_measures():
    about = {"kind": "weight", "operation": "linear", "layer": "linear1", "seed": 1, "epoch": 1}
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


def test_a_trajectory_is_that_of_its_own_run_seed_and_epoch():
    subspaces, directions = tables(variants={"plain": VARIANTS["plain"]}, modes=3)
    others = ({"run": "other"}, {"seed": 7}, {"epoch": 1}, {"subspace": "conv1.weight"})
    wrong = [directions.assign(**other) for other in others]
    (found,) = recorded(
        subspaces, pd.concat([*wrong, directions]), {"toy": {"model": {"name": "m"}}}
    )
    assert len(found.directions) == 3
    assert set(found.directions["seed"]) == {1}
    assert found.settings == {"model": {"name": "m"}}


def test_a_trajectory_is_described_by_what_its_files_say():
    subspaces, directions = tables(variants={"plain": VARIANTS["plain"]}, modes=3)
    (found,) = recorded(subspaces, directions, {"toy": {"model": {"name": "mlp"}}})
    assert found.described(all_epochs=True) == {
        **{"run": "toy, plain", "network": "mlp on unknown data", "epochs": "4", "seeds": "1"},
        **{"repeats": 6, "batch_sizes": "8"},
    }
    noise = found.noise("these networks")
    assert (noise.unit, noise.count, noise.key) == ("steps", 900, "trajectory.steps")
    assert not noise.independent
    assert found.scopes == ("these networks",)


def test_tables_of_no_run_are_those_of_stages_of_the_whole_experiment():
    made = {
        "gaussianity_repeats": pd.DataFrame(columns=["run", "operation", "kind"]),
        **{name: pd.DataFrame({"run": []}) for name in ("training", "langevin")},
        **{name: pd.DataFrame() for name in ("langevin_subspaces", "balance_laws", "balances")},
    }
    assert list(gather(made, {}, {}).shared) == ["balance_laws"]


NOISE = {
    **{"coordinates": 200, "layers": "all", "repeats": 3, "biases": False, "directions": 9},
    **{"augment": False, "batch_norm_mode": "eval"},
}


@pytest.mark.parametrize(
    ("changed", "epoch", "seeds", "shared"),
    [
        ({}, 4, [1], True),
        # How batches are drawn is no concern of the gradients.
        ({"noise": {**NOISE, "repeats": 9, "sampling": "epoch_shuffle"}}, 4, [1, 2], True),
        ({"noise": {**NOISE, "coordinates": 500}}, 4, [1], False),
        ({"noise": {**NOISE, "layers": ["conv1"]}}, 4, [1], False),
        ({"noise": {**NOISE, "biases": True}}, 4, [1], False),
        ({"noise": {**NOISE, "directions": 8}}, 4, [1], False),
        ({"noise": {**NOISE, "augment": True}}, 4, [1], False),
        ({"noise": {**NOISE, "batch_norm_mode": "train"}}, 4, [1], False),
        ({"model": {"name": "mlp"}}, 4, [1], False),
        ({}, 3, [1], False),
        ({}, 4, [1, 3], False),
    ],
)
def test_a_control_shares_gradients_where_only_the_draws_differ(changed, epoch, seeds, shared):
    about = {"kind": "weight", "operation": "linear", "layer": "linear1"}
    rows = [{"run": "a", "seed": s, "epoch": e, **about} for s in (1, 2) for e in (0, 4)]
    rows += [{"run": "b", "seed": s, "epoch": epoch, **about} for s in seeds]
    made = {
        "gaussianity_repeats": pd.DataFrame(rows),
        "training": pd.DataFrame({"run": ["a"], "epoch": [4]}),
        **{name: pd.DataFrame() for name in ("langevin", "langevin_subspaces")},
    }
    section = {"model": {"name": "cnn"}, "noise": NOISE}
    runs = {"a": section, "b": section | changed}
    first, second = gather(made, runs, {"a": "a", "b": "a"}).runs
    assert (first.shares_gradients, second.shares_gradients) == (False, shared)
    assert [run.name for run in each_gradient(Experiment([first, second]))] == (
        ["a"] if shared else ["a", "b"]
    )
