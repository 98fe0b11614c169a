"""How heavy tails are."""

from example_config import edited, job
from stages import tails


def test_the_slowest_estimator_takes_the_longest() -> None:
    fast, slow = edited("noise.repeats", 200), edited("noise.repeats", 200)
    slow["tails"]["methods"] = ["ecf", "ml"]
    assert tails.resources(job(config=slow)).minutes > tails.resources(job(config=fast)).minutes
