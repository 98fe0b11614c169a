"""All trajectories of a run as one subject."""

from dataclasses import replace

import pandas as pd
import pytest

from example_dynamics import BY_NAME, RUNS, row, tables
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.experiment import Experiment, recorded
from gradnoise.claims.followed import followed, independent, modes, relative, step_pairs


def subjects(*made, **how):
    return followed(Experiment([], recorded(*tables(*made, **how), RUNS)))


def test_a_run_is_one_subject_with_all_its_trajectories():
    (found,) = subjects()
    assert (found.run, len(found.trajectories)) == ("toy", 4)
    described = row("steady_state", {"plain": {"steps": 500, "replicas": 3}})
    assert (described["run"], described["network"]) == ("toy", "linear on toys")
    assert (described["seeds"], described["epochs"], described["repeats"]) == ("1", "4", 3)
    assert found.noise("these networks").key == "trajectory.steps"
    (shorter,) = subjects({"plain": {"steps": 500}})
    assert shorter.noise("these networks").count == 500


def test_seeds_are_named_where_there_are_several():
    (found,) = subjects({"plain": {"seed": 2}})
    labels = [found.label(each) for each in found.trajectories]
    assert labels[:2] == ["plain, seed 2", "small, seed 1"]
    assert subjects()[0].label(subjects()[0].trajectories[3]) == "heavy small"


def test_trajectories_that_meet_no_condition_are_left_out_with_their_reasons():
    (found,) = subjects({"plain": {"sampling": "epoch_shuffle"}})
    assert len(found.testable(independent)) == 3
    (none,) = subjects({"": {"sampling": "epoch_shuffle"}})
    with pytest.raises(NotTestableError, match=r"toy, plain: .*; toy, small: .*batches"):
        none.testable(independent)


def test_the_coldest_comes_first():
    (found,) = subjects()
    order = [each.numbers["variant"] for each in found.by_step()]
    assert order == ["small", "heavy_small", "plain", "heavy"]


def test_pairs_differ_in_the_learning_rate_alone():
    (found,) = subjects()

    def names(trajectories):
        return [
            tuple(each.numbers["variant"] for each in pair) for pair in step_pairs(trajectories)
        ]

    assert names(found.trajectories) == [("plain", "small"), ("heavy", "heavy_small")]
    for name, value in (
        *(("batch_size", 16), ("weight_decay", 0.1), ("seed", 2)),
        *(("momentum", 0.5), ("nesterov", True), ("sampling", "epoch_shuffle")),
    ):
        (other,) = subjects({"small": {name: value}})
        assert names(other.trajectories) == [("heavy", "heavy_small")]
    (same,) = subjects({"small": {"learning_rate": 0.02}})
    assert names(same.trajectories) == [("heavy", "heavy_small")]


def test_without_trajectories_nothing_is_decided():
    empty = Experiment([], recorded(pd.DataFrame(), pd.DataFrame(), {}))
    (found,) = decide(BY_NAME["steady_state"], empty).claims
    assert found["reason"] == "needs recorded trajectories (trajectory.variants)"


def test_all_trajectories_are_described_together():
    changes = {
        "plain": {"epoch": 3, "replicas": 5, "batch_size": 32},
        "heavy": {"seed": 2, "replicas": 4},
        "small": {"steps": 700},
    }
    (found,) = subjects(changes)
    assert found.described(all_epochs=False) == {
        **{"run": "toy", "network": "linear on toys", "repeats": 4},
        **{"epochs": "3 4", "seeds": "1 2", "batch_sizes": "32 8"},
    }
    noise = found.noise("these networks")
    assert (noise.unit, noise.count, noise.independent) == ("steps", 700, False)


def test_modes_are_compared_by_their_rank():
    (found,) = subjects()
    first, second = found.trajectories[:2]
    shuffled = replace(first, directions=first.directions.sample(frac=1, random_state=1))
    few = replace(second, directions=second.directions.iloc[:5])
    one, other = modes(shuffled, few)
    assert one["direction"].tolist() == other["direction"].tolist() == [0, 1, 2, 3, 4]
    assert one["variance"].tolist() == first.directions["variance"].iloc[:5].tolist()
    assert other["variance"].tolist() == second.directions["variance"].iloc[:5].tolist()


def test_a_relative_error_is_over_the_value():
    rows = pd.DataFrame({"variance": [4.0, 10.0], "variance_error": [1.0, 0.5]})
    assert relative(rows, "variance").tolist() == [0.25, 0.05]
