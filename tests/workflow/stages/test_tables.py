"""What tables know of the runs."""

from example_config import DEFAULT, edited
from experiment import Experiment
from stages import tables


def test_every_run_says_what_of_it_is_measured() -> None:
    measured = tables.settings(Experiment(DEFAULT))["measured"]
    assert measured["cnn_epoch_shuffle"]["seeds"] == [1]
    assert measured["cnn_epoch_shuffle"]["epochs"] == [4]
    assert measured["softmax_regression"]["epochs"] == []
    assert measured["softmax_regression"]["subspaces"] == ["linear1.weight", "model"]


def test_a_run_has_its_own_significance() -> None:
    experiment = Experiment(edited("run_definitions.cnn.gaussianity", {"significance": 0.01}))
    runs = tables.settings(experiment)["runs"]
    levels = {name: run["gaussianity"]["significance"] for name, run in runs.items()}
    assert levels == {"cnn": 0.01, "cnn_epoch_shuffle": 0.01, "softmax_regression": 0.05}
