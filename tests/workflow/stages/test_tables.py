"""What tables know of the runs."""

from example_config import DEFAULT
from experiment import Experiment
from stages import tables


def test_every_run_says_what_of_it_is_measured() -> None:
    measured = tables.settings(Experiment(DEFAULT))["measured"]
    assert measured["cnn_epoch_shuffle"]["seeds"] == [1]
    assert measured["cnn_epoch_shuffle"]["epochs"] == [4]
    assert measured["softmax_regression"]["epochs"] == []
    assert measured["softmax_regression"]["subspaces"] == ["model"]
