"""All trajectories of a run as one subject."""

import pandas as pd
import pytest

from example_dynamics import BY_NAME, RUNS, row, tables
from gradnoise.claims.decision import decide
from gradnoise.claims.evidence import NotTestableError
from gradnoise.claims.experiment import Experiment, recorded
from gradnoise.claims.followed import followed, independent, step_pairs


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
    for name, value in (("batch_size", 16), ("weight_decay", 0.1), ("seed", 2)):
        (other,) = subjects({"small": {name: value}})
        assert names(other.trajectories) == [("heavy", "heavy_small")]
    (same,) = subjects({"small": {"learning_rate": 0.02}})
    assert names(same.trajectories) == [("heavy", "heavy_small")]


def test_without_trajectories_nothing_is_decided():
    empty = Experiment([], recorded(pd.DataFrame(), pd.DataFrame(), {}))
    (found,) = decide(BY_NAME["steady_state"], empty).claims
    assert found["reason"] == "needs recorded trajectories (trajectory.variants)"
