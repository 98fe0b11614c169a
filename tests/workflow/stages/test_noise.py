"""Which samples of the noise are taken."""

from typing import Any

import pytest

from example_config import edited, job
from experiment import Experiment
from gradnoise.errors import InputError
from stages import noise


@pytest.mark.parametrize(("key", "value"), [("augment", True), ("batch_norm_mode", "train")])
def test_per_sample_gradients_are_refused_where_there_are_none(key: str, value: Any) -> None:
    config = edited("noise.strategy", "per_sample")
    config["noise"][key] = value
    with pytest.raises(InputError, match="strategy: per_sample is impossible with"):
        Experiment(config)


def test_a_pass_over_the_largest_batch_gives_the_smaller_ones_unless_they_are_normalised() -> None:
    frozen = noise.resources(job()).minutes
    config = edited("noise.batch_norm_mode", "train")
    assert noise.resources(job(config=config)).minutes >= frozen
    assert noise.settings(job(repeat=2))["repeat"] == 2
