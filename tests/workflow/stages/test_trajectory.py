"""How SGD is followed."""

from example_config import edited, job
from stages import trajectory


def test_a_trajectory_takes_what_is_left_open_from_training() -> None:
    run = job("softmax_regression").run
    plain, heavy = (
        trajectory.settings(job("softmax_regression", variant=v)) for v in ("plain", "momentum")
    )
    assert (plain["learning_rate"], plain["momentum"], plain["weight_decay"]) == (0.02, 0.0, 0.05)
    assert (heavy["learning_rate"], heavy["momentum"]) == (0.005, 0.9)
    assert plain["curvature_samples"] is None
    assert run.subspaces == ["model"]
    assert plain["parameters"] == []
    assert job("cnn").run.subspaces[-2:] == ["linear2.weight", "model"]
    assert run.followed == [1]


def test_a_trajectory_starts_with_the_last_epochs_learning_rate() -> None:
    followed = job(config=edited("training.milestones", [1, 2, 9]), variant="plain")
    settings = trajectory.settings(followed)
    assert settings["learning_rate"] == followed.run.sections.training.last_learning_rate < 0.001
