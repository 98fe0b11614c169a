"""The public function: any model in hand."""

import doctest
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_gradients import by_definition
from example_networks import classifier, images
from gradnoise.gradients import per_sample, per_sample_gradients


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_rows_are_the_samples_own_gradients_of_every_trainable_parameter() -> None:
    model, (inputs, targets) = classifier(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), images(9)
    model(inputs)
    expected = by_definition(model, F.cross_entropy, inputs, targets)
    model[0].bias.requires_grad_(False)
    del expected["0.bias"]
    found = per_sample_gradients(model, F.cross_entropy, inputs.numpy(), targets.numpy(), None, 4)
    assert list(found) == list(expected)
    for name, rows in found.items():
        exact = expected[name].flatten(start_dim=1).numpy()
        assert rows.dtype == np.float32
        assert rows.shape == exact.shape
        assert np.abs(rows - exact).max() <= 1e-5 * np.abs(exact).max()
    assert not model[0].bias.requires_grad
    assert not model.training


def test_coordinates_are_given_or_drawn() -> None:
    model = nn.Linear(10, 6)
    data = model, F.cross_entropy, torch.randn(5, 10), torch.randint(0, 6, (5,))
    whole = per_sample_gradients(*data)
    given = per_sample_gradients(*data, {"weight": [41, 3]})
    assert list(given) == ["weight"]
    np.testing.assert_allclose(given["weight"], whole["weight"][:, [41, 3]], atol=1e-7)
    drawn = [per_sample_gradients(*data, 8, seed=seed) for seed in (0, 0, 1)]
    assert {name: rows.shape for name, rows in drawn[0].items()} == {
        "weight": (5, 8),
        "bias": (5, 6),
    }
    np.testing.assert_array_equal(drawn[0]["weight"], drawn[1]["weight"])
    assert (drawn[0]["weight"] != drawn[2]["weight"]).any()


def test_impossible_requests_are_refused() -> None:
    model, inputs = nn.Linear(4, 5), torch.randn(20, 4)
    targets = torch.zeros(20, dtype=torch.long)
    for wrong in (targets[:3], targets[:0]):
        with pytest.raises(ValueError, match="as many targets as inputs"):
            per_sample_gradients(model, F.cross_entropy, inputs, wrong)
    for chunk_size in (0, 2.5, "8"):
        with pytest.raises(ValueError, match=r"chunk_size: found .*; a whole number"):
            per_sample_gradients(model, F.cross_entropy, inputs, targets, None, chunk_size)
    masked = np.ma.masked_less(np.arange(80, dtype=np.float32).reshape(20, 4), 2)
    with pytest.raises(ValueError, match="inputs: found 2 masked values"):
        per_sample_gradients(model, F.cross_entropy, masked, targets)
    with pytest.raises(ValueError, match="unknown parameter"):
        per_sample_gradients(model, F.cross_entropy, inputs, targets, {"other": [1]})
    mixed = nn.Sequential(model, nn.BatchNorm1d(5))
    with pytest.raises(ValueError, match=r"do not exist: 1 \(BatchNorm1d\) .* Use model\.eval"):
        per_sample_gradients(mixed, F.cross_entropy, inputs, targets)
    assert per_sample_gradients(mixed.eval(), F.cross_entropy, inputs, targets)["0.bias"].any()


def test_the_example_in_the_documentation_holds() -> None:
    found = doctest.testmod(per_sample)
    assert found.attempted > 0
    assert found.failed == 0


def test_the_face_imports_no_torch() -> None:
    program = "import sys, gradnoise.gradients; print('torch' in sys.modules)"
    found = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert found.strip() == "False"
