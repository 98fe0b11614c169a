import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.errors import InputError
from gradnoise.gradients import per_sample_gradients
from gradnoise.gradients.verification.types import require_types
from gradnoise.moments import per_sample_moments
from gradnoise.noise import sample_noise

RANDOM = np.random.default_rng(4)
INPUTS, TARGETS = RANDOM.normal(size=(12, 3)), np.arange(12) % 2


class Converting(nn.Linear):
    """A model that takes numbers of any type."""

    def forward(self, inputs):
        return super().forward(inputs.float())


def halved_square(outputs, targets):
    return ((outputs.squeeze(1) - targets) ** 2).mean() / 2


@pytest.mark.parametrize("measured", [per_sample_gradients, per_sample_moments, sample_noise])
@pytest.mark.parametrize("kind", ["float64", "uint8"])
def test_inputs_of_another_type_are_named_with_the_way_out(measured, kind):
    more = {"batch_sizes": [2], "batches": 3, "seed": 0} if measured is sample_noise else {}
    model, inputs = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).eval(), INPUTS.astype(kind)
    message = rf"^inputs: found {kind}; the model's parameters are float32: pass inputs.float\(\)"
    with pytest.raises(InputError, match=message):
        measured(model, F.cross_entropy, inputs, TARGETS, **more)
    measured(model, F.cross_entropy, torch.as_tensor(inputs).float(), TARGETS, **more)


def test_float32_inputs_of_a_float64_model_are_named():
    with pytest.raises(InputError, match=r"inputs: found float32; .* float64: pass inputs.to\(tor"):
        per_sample_gradients(
            nn.Linear(3, 2).double(), F.cross_entropy, INPUTS.astype(np.float32), TARGETS
        )


def test_targets_of_another_type_are_named_alone():
    def strict(outputs, targets):
        if targets.dtype != outputs.dtype:
            raise RuntimeError("Found dtype Double but expected Float")
        return F.binary_cross_entropy_with_logits(outputs.squeeze(1), targets)

    inputs, targets = (torch.from_numpy(part) for part in (INPUTS, TARGETS.astype(float)))
    with pytest.raises(InputError, match=r"^targets: found float64; .*: pass targets.float\(\) \("):
        require_types(nn.Linear(3, 1), strict, inputs.float(), targets)
    with pytest.raises(InputError, match=r"inputs: found float64 and targets: found float64"):
        require_types(nn.Linear(3, 1), strict, inputs, targets)
    with pytest.raises(InputError, match=r"^inputs: found float64; .*: pass inputs.float\(\) \("):
        require_types(nn.Linear(3, 1), halved_square, inputs, targets)


def test_what_a_model_takes_is_taken():
    tokens = torch.arange(12).reshape(6, 2)
    model = nn.Sequential(nn.Embedding(12, 3), nn.Flatten(), nn.Linear(6, 2))
    assert per_sample_gradients(model, F.cross_entropy, tokens, torch.arange(6) % 2)
    exact = per_sample_gradients(Converting(3, 2), F.cross_entropy, INPUTS, TARGETS)
    assert exact["weight"].shape == (12, 6)
    targets = TARGETS + 0.5  # float64 beside float32 outputs, which torch's subtraction takes
    found = per_sample_gradients(
        nn.Linear(3, 1), halved_square, torch.from_numpy(INPUTS).float(), targets
    )
    assert np.isfinite(found["weight"]).all()


def test_a_failure_that_has_another_cause_is_left_to_the_pass_that_fails():
    wrong = torch.from_numpy(INPUTS)[:, :2]
    require_types(nn.Linear(3, 2), F.cross_entropy, wrong, torch.from_numpy(TARGETS))
