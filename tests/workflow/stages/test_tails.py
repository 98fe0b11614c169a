"""How heavy tails are."""

import numpy as np
import pytest

from example_config import edited, job
from experiment import Experiment
from gradnoise.errors import InputError
from gradnoise.tails import tail_index
from stages import tails


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
