"""Which parameters do nothing but add."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradnoise.model.roles import added, places


class Own(nn.Module):
    """A vector, a table and a number, used by a function."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function
        self.vector = nn.Parameter(torch.full((4,), 0.5))
        self.channels = nn.Parameter(torch.full((4, 1, 1), 0.25))
        self.table = nn.Parameter(torch.full((2, 4), 0.75))
        self.matrix = nn.Parameter(torch.eye(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(self, x)


ADDED = {
    "summand": lambda m, x: x + m.vector,
    "first summand": lambda m, x: m.vector + x,
    "subtracted": lambda m, x: torch.tanh(x) - m.vector,
    "in place": lambda m, x: (2 * x).add_(m.vector),
    "a linear layer's": lambda m, x: F.linear(x, m.matrix, m.vector),
    "of a product of matrices": lambda m, x: torch.addmm(m.vector, x, m.matrix),
    "in another shape": lambda m, x: x + m.vector.view(1, 4).expand(3, -1).t().t(),
    "twice": lambda m, x: torch.tanh(x + m.vector) + m.vector,
}
NOT_ADDED = {
    "factor": lambda m, x: x * m.vector,
    "summand and factor": lambda m, x: (x + m.vector) * m.vector,
    "input of a function": lambda m, x: x + torch.exp(m.vector),
    "side by side": lambda m, x: torch.cat([x, m.vector.expand(3, 4)]),
    "weight of a sum": lambda m, x: torch.lerp(x, x + 1, m.vector),
    "unused": lambda m, x: x @ m.matrix,
}


@pytest.mark.parametrize("use", ADDED.values(), ids=ADDED.keys())
def test_a_vector_that_is_only_added_is_found(use) -> None:
    assert added(Own(use), torch.ones(3, 4)) == {"vector"}


@pytest.mark.parametrize("use", NOT_ADDED.values(), ids=NOT_ADDED.keys())
def test_one_with_another_use_is_not(use) -> None:
    assert added(Own(use), torch.ones(3, 4)) == frozenset()


def test_channels_are_a_vector_and_a_table_or_matrix_that_is_added_is_none() -> None:
    channels = Own(lambda m, x: x.view(3, 4, 1, 1) + m.channels)
    assert added(channels, torch.ones(3, 4)) == {"channels"}
    assert added(Own(lambda m, x: x[:2] + m.table), torch.ones(3, 4)) == frozenset()
    # What is added to a weight is no bias, and neither is the weight.
    assert added(Own(lambda m, x: x @ (m.matrix + 1)), torch.ones(3, 4)) == frozenset()


def test_biases_of_torchs_layers_are_found_in_outputs_of_any_kind_and_without_gradients() -> None:
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(27, 2))
    several = Own(lambda m, x: {"a": (x + m.vector, None, 3)})
    with torch.no_grad():
        assert added(model, torch.ones(1, 2, 5, 5)) == {"0.bias", "2.bias"}
        assert added(several, torch.ones(3, 4)) == {"vector"}


def test_places_of_a_users_modules_are_counted_in_a_pass() -> None:
    class Mixed(nn.Module):
        """A convolution, a layer over positions, a recurrent one, one used twice, and a sum at the end."""

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.gru = nn.Conv1d(2, 5, 3), nn.GRU(5, 4, batch_first=True)
            self.mix, self.out = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            rows, _ = self.gru(self.conv(inputs).transpose(1, 2))
            return self.out(self.mix(self.mix(rows)).sum(1))

    found = places(Mixed(), torch.zeros(2, 2, 9))
    assert found == {"conv": 7, "gru": 7, "mix": 14, "out": 1}
