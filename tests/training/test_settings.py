import numpy as np
import pytest

from example_training import HYPERPARAMETERS, bars, dataset, hyperparameters, line
from gradnoise.errors import InputError
from gradnoise.training import settings


def test_settings_are_read_with_their_hyperparameters():
    given = {"model": {"name": "cnn"}, "training": HYPERPARAMETERS, "seed": 3, "pretrained": None}
    found = settings.read(given)
    assert (found.seed, found.training, found.pretrained) == (3, hyperparameters(), None)


def test_files_of_a_network_trained_elsewhere_are_read():
    one, history = {"file": "1.pt", "sha256": "c0"}, {"file": "training.csv", "sha256": "ff"}
    files = {"folder": "there", "checkpoints": {"1": one}, "history": history}
    given = {"model": {}, "training": HYPERPARAMETERS, "seed": 3, "pretrained": files}
    found = settings.read(given).pretrained
    assert found.checkpoints == {1: settings.File("1.pt", "c0")}
    assert (str(found.folder), found.history) == ("there", settings.File("training.csv", "ff"))


def test_a_misspelt_or_missing_key_is_named():
    misspelt = {**HYPERPARAMETERS, "learning_rte": 1}
    with pytest.raises(InputError, match=r"learning_rte: unknown key; accepted: optimizer"):
        settings.read({"model": {}, "training": misspelt, "seed": 3, "pretrained": None})
    with pytest.raises(InputError, match=r"seed: missing"):
        settings.read({"model": {}, "training": HYPERPARAMETERS, "pretrained": None})


def test_the_rate_falls_after_its_milestones():
    how = hyperparameters(milestones=[1, 3])
    assert [how.rate(epoch) for epoch in (1, 2, 3, 4)] == pytest.approx([0.1, 0.01, 0.01, 0.001])


def test_the_initial_weights_are_always_kept():
    how = hyperparameters(checkpoints=[2])
    assert [epoch for epoch in range(4) if how.keeps(epoch)] == [0, 2]
    assert all(hyperparameters(checkpoints="all").keeps(epoch) for epoch in range(4))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 101}, "batch_size 101; 100 samples"),
        ({}, "cross_entropy needs classes"),
        ({"loss": "mean_squared_error", "augment": True}, "augment needs images"),
    ],
)
def test_hyperparameters_that_do_not_suit_the_data_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        settings.check(hyperparameters(**changes), line()[0])


def test_sequences_are_neither_padded_for_squares_nor_augmented():
    tokens = np.arange(60).reshape(10, 2, 3, 1)
    padded = dataset(tokens[:, 0, :, 0], np.where(np.arange(3) < 2, 1, -100)[None].repeat(10, 0), 2)
    with pytest.raises(InputError, match=r"mean_squared_error takes no padding \(targets of -100"):
        settings.check(hyperparameters(loss="mean_squared_error", batch_size=5), padded)
    settings.check(hyperparameters(batch_size=5), padded)
    with pytest.raises(
        InputError, match=r"augment needs images; found integers of shape \(2, 3, 1"
    ):
        settings.check(
            hyperparameters(augment=True, batch_size=5), dataset(tokens, np.arange(10) % 2, 2)
        )


def test_hyperparameters_that_suit_the_data_are_not():
    settings.check(hyperparameters(augment=True, batch_size=96), bars())
