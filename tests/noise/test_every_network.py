"""`coordinates: all` with the default memory, of every built-in network, on a few images.

Each at its own size but AlexNet with three linear layers, whose 20 million weights take half a minute.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from example_config import DEFAULT
from example_gradients import SETTINGS, checkpoint
from gradnoise.draws.batches import Draws
from gradnoise.gaussianity.analysis import describe_noise
from gradnoise.gradients import store as gradient_store
from gradnoise.gradients.recording import record_gradients
from gradnoise.gradients.settings import Settings
from gradnoise.gradients.store import read_parameters
from gradnoise.model.architectures import parameters, selected
from gradnoise.model.networks import NETWORKS
from gradnoise.moments.recording import stored_moments
from gradnoise.noise import store as noise_store
from gradnoise.noise.recording import record_gathered
from gradnoise.noise.store import open_parameter
from gradnoise.store.arrays import open_store
from gradnoise.store.work_area import WorkArea

SAMPLES, SIZES, BATCHES = 4, [1, 3], 3
SHAPES = {"cnn": (1, 28, 28), "tanh_cnn": (1, 28, 28), "linear": (1, 28, 28), "mlp": (1, 28, 28)}
SMALLER = {"alexnet_three_linear": {"hidden_features": 300}}
LARGE = ("alexnet", "alexnet_three_linear", "resnet56")


def images(shape: tuple[int, ...]) -> Any:
    random = np.random.default_rng(0)
    return SimpleNamespace(
        train_inputs=random.standard_normal((SAMPLES, *shape)).astype(np.float32),
        train_targets=np.arange(SAMPLES) % 10,
        **{"outputs": 10, "tokens": False, "positions": (), "input_shape": shape},
        **{"name": "toy", "checksum": "0"},
    )


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in LARGE else ()) for name in NETWORKS],
)
def test_all_weights_of_a_network_are_measured(tmp_path: Path, name: str) -> None:
    data = images(SHAPES.get(name, (3, 32, 32)))
    network = {"name": name, "arguments": SMALLER.get(name, {})}
    known = selected(parameters(network, data.input_shape, 10), biases=False)
    weights = {each.name: each.size for each in known}
    settings = SETTINGS | {
        "model": network,
        **{"parameters": list(weights), "coordinates": "all", "directions": 2},
        "memory": int(DEFAULT["noise"]["memory"] * 2**30),
    }
    paths = [tmp_path / "gradients.zarr", tmp_path / "noise.zarr"]
    with WorkArea(paths[0], settings, {gradient_store.NAME: paths[0]}) as work:
        model = checkpoint(tmp_path, settings, data)
        record_gradients(work, model, Settings(**settings), data)
        work.publish()
    gradients = read_parameters(open_store(paths[0]))
    draws = Draws(0, 1, "with_replacement", SAMPLES)
    with WorkArea(paths[1], settings, {noise_store.NAME: paths[1]}) as work:
        memory = settings["memory"]
        record_gathered(work, gradients, draws, SIZES, BATCHES, memory, {"repeat": 1})
        work.publish()
    largest = max(weights, key=lambda each: weights[each])
    for parameter, size in weights.items():
        stored = open_parameter(paths[1], parameter)
        assert stored.noise.shape == (len(SIZES), BATCHES, size)
        assert stored.coordinate.size == size
        part = slice(size - 7, size) if parameter != largest else slice(0, size)
        rows = gradients[parameter].gradient[:, part]
        batch = rows[draws.batches(3, 2, 3)[0]].mean(axis=0, dtype=np.float64)
        expected = batch - gradients[parameter].full_gradient[part]
        found = stored.noise[1, 2, part]
        np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(rows).max() + 1e-12)
    smallest = min(weights, key=lambda each: weights[each])
    found = describe_noise(open_parameter(paths[1], smallest).noise, [BATCHES])
    assert found["pvalue"].shape == (len(SIZES), 1, weights[smallest])
    moments = stored_moments(gradients[largest].gradient, gradients[largest].full_gradient, 1)
    assert moments.fourth.shape == (weights[largest],)
