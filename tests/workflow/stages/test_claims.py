"""What claims know of the runs."""

from example_config import edited
from experiment import Experiment
from stages import claims


def test_a_run_has_its_own_significance() -> None:
    experiment = Experiment(edited("run_definitions.cnn.gaussianity", {"significance": 0.01}))
    runs = claims.settings(experiment)["runs"]
    levels = {name: run["gaussianity"]["significance"] for name, run in runs.items()}
    assert levels == {"cnn": 0.01, "cnn_epoch_shuffle": 0.01, "softmax_regression": 0.05}
