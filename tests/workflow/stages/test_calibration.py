"""What the instrument is checked with."""

from example_config import DEFAULT, edited
from experiment import Experiment
from stages import calibration


def test_every_level_and_number_of_batches_that_a_run_tests_with_is_checked() -> None:
    usual = calibration.settings(Experiment(DEFAULT))
    assert (usual["significances"], usual["batches"]) == ([0.05], [200, 600])
    own = {"significance": 0.01, "batches": [100]}
    config = edited("run_definitions.cnn_epoch_shuffle.gaussianity", own)
    both = calibration.settings(Experiment(config))
    assert (both["significances"], both["batches"]) == ([0.01, 0.05], [100, 200, 600])


def test_a_run_that_samples_no_noise_has_no_test_to_be_checked() -> None:
    config = edited("run_definitions.softmax_regression.gaussianity", {"significance": 0.01})
    assert calibration.settings(Experiment(config))["significances"] == [0.05]
