"""Training histories of all networks in one table."""

import pytest

from example_results import CNN, write_training
from gradnoise.errors import InputError
from gradnoise.tables.training import read_training


def test_a_network_that_two_runs_measure_stands_there_once(tmp_path):
    for seed in (0, 1):
        write_training(tmp_path / f"base/seed-{seed}/training.csv", 2, CNN, seed)
    both = {"base": {"seeds": [0, 1]}, "other": {"seeds": [1]}}
    found = read_training(tmp_path, both, {"base": "base", "other": "base"})
    assert list(found.columns[:3]) == ["run", "seed", "epoch"]
    assert found[["run", "seed"]].drop_duplicates().to_numpy().tolist() == [
        ["base", 0],
        ["base", 1],
    ]
    assert len(found) == 2 * 3


def test_a_missing_history_is_named(tmp_path):
    with pytest.raises(InputError, match=r"base/seed-0/training.csv"):
        read_training(tmp_path, {"base": {"seeds": [0]}}, {"base": "base"})
