"""How networks are trained."""

from copy import deepcopy

import pytest

from example_config import DEFAULT, edited, job
from fingerprint import canonical
from stages import training


def test_settings_do_not_depend_on_the_order_of_keys_but_on_their_values() -> None:
    reordered, swapped = deepcopy(DEFAULT), deepcopy(DEFAULT)
    reordered["training"] = dict(reversed(reordered["training"].items()))
    swapped["training"].update(learning_rate=0.9, momentum=0.05)
    settings = [canonical(training.settings(job(config=c))) for c in (DEFAULT, reordered, swapped)]
    assert settings[0] == settings[1] != settings[2]


def test_the_last_learning_rate_has_passed_the_milestones_before_the_end() -> None:
    run = job(config=edited("training.milestones", [1, 2, 9])).run
    assert run.sections.training.last_learning_rate == pytest.approx(0.05 * 0.1**2)


@pytest.mark.parametrize(("device", "gpus"), [("auto", 1), ("cuda", 1), ("cpu", 0), ("mps", 0)])
def test_a_gpu_is_asked_for_unless_the_config_says_otherwise(device: str, gpus: int) -> None:
    assert training.resources(job(config=edited("training.device", device))).gpu == gpus
