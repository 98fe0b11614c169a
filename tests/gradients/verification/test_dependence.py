"""Whether a sample's gradient depends on its batch mates."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from example_networks import Centred
from gradnoise.errors import InputError
from gradnoise.gradients.verification.dependence import (
    batch_dependence,
    require_independence,
    sample_dependence,
)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (nn.BatchNorm1d(3), "statistics of the batch"),
        (nn.BatchNorm1d(3).eval(), None),
        (nn.BatchNorm1d(3, track_running_stats=False).eval(), "statistics of the batch"),
        (nn.Dropout(0.5), "at random"),
        (nn.Dropout(0.5).eval(), None),
        (nn.Dropout(0.0), None),
        (nn.LSTM(3, 3, num_layers=2, dropout=0.1), "at random"),
        (nn.LayerNorm(3), None),
    ],
)
def test_dependence_on_the_batch_is_named(module: nn.Module, why: str | None) -> None:
    found = batch_dependence(nn.Sequential(nn.Linear(3, 3), module))
    assert found is None if why is None else why in str(found) and found.startswith("1 (")


@pytest.mark.parametrize(
    "model",
    [Centred(), Centred(random=True), nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5))],
    ids=["centred", "random", "batch norm"],
)
def test_samples_that_depend_on_their_batch_are_refused(model: nn.Module) -> None:
    data = torch.randn(9, 4), torch.randint(0, 5, (9,))
    assert sample_dependence(model, F.cross_entropy, *data) is not None
    with pytest.raises(InputError, match=r"do not exist: .* Use model\.eval\(\)"):
        require_independence(model, F.cross_entropy, *data)


def test_an_ordinary_network_is_independent_and_left_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 5), nn.Dropout(0.5).eval())
    before = [parameter.clone() for parameter in model.parameters()]
    data = torch.randn(9, 4), torch.randint(0, 5, (9,))
    state = torch.get_rng_state()
    assert sample_dependence(model, F.cross_entropy, *data) is None
    require_independence(model, F.cross_entropy, *data)
    assert torch.equal(state, torch.get_rng_state())
    assert all(map(torch.equal, before, model.parameters()))
    assert all(parameter.grad is None for parameter in model.parameters())
