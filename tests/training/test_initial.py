import numpy as np
import pytest

from example_training import bars, dataset, line
from gradnoise.errors import InputError
from gradnoise.training.initial import initial_model


def test_the_model_takes_the_shapes_of_the_data() -> None:
    assert initial_model({"name": "linear"}, line(features=4)[0], 1).linear1.weight.shape == (1, 4)
    assert initial_model({"name": "mlp"}, bars(side=5), 1)[1].in_features == 25


def test_what_no_built_in_network_learns_is_refused() -> None:
    tokens = np.arange(30).reshape(10, 3)
    with pytest.raises(InputError, match="model mlp: found integer inputs"):
        initial_model({"name": "mlp"}, dataset(tokens, np.arange(10) % 2, 2), 1)
    with pytest.raises(InputError, match="model mlp: found targets with 3 positions"):
        initial_model({"name": "mlp"}, dataset(tokens.astype(np.float32), tokens % 2, 2), 1)
