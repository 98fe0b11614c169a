"""How heavy tails are."""

from types import ModuleType

import numpy as np
import pytest

from example_config import edited, job
from experiment import Experiment
from gradnoise.errors import InputError
from gradnoise.tails import tail_index
from stages import clt, tails


def test_the_slowest_estimator_takes_the_longest() -> None:
    fast, slow = edited("noise.repeats", 200), edited("noise.repeats", 200)
    slow["tails"]["methods"] = ["ecf", "ml"]
    longer, shorter = (job(config=each, parameter="conv2.weight") for each in (slow, fast))
    assert tails.resources(longer).minutes > tails.resources(shorter).minutes


def test_every_estimator_that_there_is_may_be_asked_for() -> None:
    assert {"ecf", "ml"} <= set(tails.METHODS)
    samples = np.random.default_rng(0).normal(size=100)
    for method in tails.METHODS:
        assert float(tail_index(samples, method=method).alpha) > 1
    with pytest.raises(InputError, match=r"tails.methods.0: found 'ecg' \(did you mean 'ecf'\?\)"):
        Experiment(edited("tails.methods", ["ecg"]))
    with pytest.raises(InputError, match="ecf, which the claims use, must be there"):
        Experiment(edited("tails.methods", ["ml"]))


def test_memory_grows_with_pairs_of_what_is_fewer_and_hardly_with_samples() -> None:
    def memory(stage: ModuleType, coordinates: int, batches: int, subset: int = 2000) -> int:
        config = edited("noise.coordinates", coordinates)
        config["noise"]["batches"], config["data"]["subset"] = batches, subset
        return int(stage.resources(job(config=config)).memory)

    # Of both more than enough for whole blocks of 4 MiB: 24 times the square, and 4 bytes of all noise where C <= n.
    squares = 24 * (4000**2 - 3000**2) / 2**20
    few = memory(tails, 4000, 8000) - memory(tails, 3000, 8000)
    assert few == pytest.approx(squares + 4 * 8000 * 1000 / 2**20, abs=8)
    many = memory(tails, 9000, 4000) - memory(tails, 9000, 3000)
    assert many == pytest.approx(squares, abs=8)
    for stage in (tails, clt):
        assert 0 < memory(stage, 4000, 8000, 10_000) - memory(stage, 4000, 8000) < 50
